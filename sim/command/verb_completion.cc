// `millrace completion`: what a shell offers behind a tab.

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "sim/command/scenario_values.h"
#include "sim/command/verbs.h"

namespace millrace::command {
namespace {

// Scenario names come from the program at the moment of the tab, so new ones need no new script.
constexpr std::string_view kBash = R"script(# bash: source <(@PROGRAM@ completion bash)
_@FUNCTION@() {
  local word=${COMP_WORDS[COMP_CWORD]} verb="" i
  for ((i = 1; i < COMP_CWORD; ++i)); do
    [[ ${COMP_WORDS[i]} == -* ]] || { verb=${COMP_WORDS[i]}; break; }
  done
  local words=""
  case $verb in
    "") words="@VERBS@ --help --version" ;;
@CASES@  esac
  case $verb:$word in
    :* | *:-*) ;;
    sweep:*) [[ $COMP_CWORD -gt 2 ]] && words="$("${COMP_WORDS[0]}" list scenarios --quiet 2>/dev/null)" || words=crash ;;
    run:* | campaign:* | replay:* | plan:* | explain:* | verify-determinism:*)
      words="$("${COMP_WORDS[0]}" list scenarios --quiet 2>/dev/null)" ;;
    list:*) words="scenarios properties faults workloads knobs marks" ;;
    new:*) words="scenario project" ;;
    completion:*) words="bash zsh fish" ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
  [[ ${#COMPREPLY[@]} -gt 0 ]] || mapfile -t COMPREPLY < <(compgen -f -- "$word")
}
complete -o filenames -F _@FUNCTION@ @PROGRAM@
)script";

constexpr std::string_view kZsh = R"script(#compdef @PROGRAM@
# zsh: @PROGRAM@ completion zsh > "${fpath[1]}/_@PROGRAM@"
_@FUNCTION@() {
  local verb=${words[2]}
  if (( CURRENT == 2 )); then
    compadd -- @VERBS@ --help --version
    return
  fi
  if [[ ${words[CURRENT]} == -* ]]; then
    case $verb in
@CASES@    esac
    return
  fi
  case $verb in
    run|campaign|replay|plan|explain|verify-determinism)
      compadd -- $(${words[1]} list scenarios --quiet 2>/dev/null)
      _files ;;
    list) compadd -- scenarios properties faults workloads knobs marks ;;
    new) compadd -- scenario project ;;
    sweep)
      if (( CURRENT == 3 )); then
        compadd -- crash
      else
        compadd -- $(${words[1]} list scenarios --quiet 2>/dev/null)
        _files
      fi ;;
    completion) compadd -- bash zsh fish ;;
    *) _files ;;
  esac
}
compdef _@FUNCTION@ @PROGRAM@
)script";

constexpr std::string_view kFish = R"script(# fish: @PROGRAM@ completion fish | source
complete -c @PROGRAM@ -n __fish_use_subcommand -f -a "@VERBS@"
for verb in run campaign replay plan explain verify-determinism
    complete -c @PROGRAM@ -n "__fish_seen_subcommand_from $verb" \
        -a "(@PROGRAM@ list scenarios --quiet 2>/dev/null)"
end
complete -c @PROGRAM@ -n "__fish_seen_subcommand_from sweep" \
    -a "crash (@PROGRAM@ list scenarios --quiet 2>/dev/null)"
complete -c @PROGRAM@ -n "__fish_seen_subcommand_from list" -f \
    -a "scenarios properties faults workloads knobs marks"
complete -c @PROGRAM@ -n "__fish_seen_subcommand_from new" -f -a "scenario project"
complete -c @PROGRAM@ -n "__fish_seen_subcommand_from completion" -f -a "bash zsh fish"
@CASES@)script";

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

/// The options of one verb, in the words of a shell.
std::string case_of(std::string_view shell, std::string_view program, std::string_view verb) {
  const std::vector<std::string> options = option_names(verb);
  const std::string joined = fmt::format("{}", fmt::join(options, " "));
  if (shell == "bash") return fmt::format("    {}) words=\"{}\" ;;\n", verb, joined);
  if (shell == "zsh") return fmt::format("      {}) compadd -- {} ;;\n", verb, joined);
  std::string lines;
  for (const std::string& option : options) {
    lines += fmt::format("complete -c {} -n \"__fish_seen_subcommand_from {}\" -l {}\n", program,
                         verb, option.substr(2));
  }
  return lines;
}

std::string script(std::string_view shell, const std::string& program) {
  std::string text(shell == "bash" ? kBash : shell == "zsh" ? kZsh : kFish);
  std::vector<std::string> verbs;
  std::string cases;
  for (const VerbName& verb : verb_names()) {
    verbs.emplace_back(verb.name);
    cases += case_of(shell, program, verb.name);
  }
  std::string function = program;
  for (char& letter : function) {
    const bool is_plain = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                          (letter >= '0' && letter <= '9');
    if (!is_plain) letter = '_';
  }
  replace_all(text, "@CASES@", cases);
  replace_all(text, "@VERBS@", fmt::format("{}", fmt::join(verbs, " ")));
  replace_all(text, "@FUNCTION@", function);
  replace_all(text, "@PROGRAM@", program);
  return text;
}

}  // namespace

int verb_completion(const Context& context) {
  const std::vector<std::string>& names = context.options.names;
  const std::vector<std::string> known{"bash", "zsh", "fish"};
  if (names.size() != 1) return usage_error(context, "completion needs a shell: bash, zsh or fish");
  if (std::ranges::find(known, names.front()) == known.end()) {
    return usage_error(context, unknown_name("shell", names.front(), known));
  }
  const std::string program = std::filesystem::path(context.options.program).filename().string();
  context.console.out(script(names.front(), program));
  return number(ExitStatus::kHeld);
}

}  // namespace millrace::command
