#include "sim/command/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>
#include <memory>

#include "generated/build_info.h"
#include "sim/command/exit_status.h"
#include "sim/command/help.h"
#include "sim/command/scenario_values.h"
#include "system/base/check.h"

namespace millrace::command {
namespace {

/// How each verb is called; '|' begins another way.
struct Usage {
  std::string_view verb;
  std::string_view text;
};
constexpr std::array kUsages{
    Usage{"run", "run SCENARIO [--seed N] [--set K=V]... [--faults F]|run [SCENARIO] --plan F"},
    Usage{
        "campaign",
        "campaign [SCENARIO|GLOB|@TAG]... [--seeds N | --for T] [-j N]|campaign --resume DIR|F.db|"
        "campaign --rerun DIR|F.db"},
    Usage{"report", "report [DIR|F.db|F.repro.json|TOKEN|-] [-o F.html] [--open]"},
    Usage{"sweep", "sweep crash SCENARIO [--seed N] [--set K=V]... [--for T] [-j N] [--shard I/N]"},
    Usage{"merge", "merge A.db B.db... -o C.db"},
    Usage{"replay", "replay F.repro.json|DIR|TOKEN|- ...|replay SCENARIO --seed N"},
    Usage{"shrink", "shrink F.repro.json|TOKEN|-|latest [-o F] [--for 60s] [-j N]"},
    Usage{"keep", "keep F.repro.json|DIR|TOKEN|-|keep latest"},
    Usage{"plan", "plan SCENARIO [--seed N]|plan F.json"},
    Usage{"explain", "explain ID"},
    Usage{"list", "list [KIND]... [--show NAME]"},
    Usage{"check", "check F.toml...|check --schema"},
    Usage{"verify-determinism", "verify-determinism SCENARIO [--seeds N] [--against BINARY]"},
    Usage{"new", "new scenario NAME|new project NAME"},
    Usage{"completion", "completion bash|completion zsh|completion fish"},
};

constexpr std::array kVerbs{
    VerbName{"run", "run one seed of a scenario"},
    VerbName{"campaign", "run many seeds of one or more scenarios"},
    VerbName{"report", "show a failure or a campaign as a page in a browser"},
    VerbName{"sweep", "go through every way in which a server can lose its power"},
    VerbName{"merge", "put the databases of several campaigns into one, and sum them up"},
    VerbName{"replay", "run saved failures again"},
    VerbName{"shrink", "make a saved failure as small as it can be"},
    VerbName{"keep", "keep failures in tests/repros, where tests replay them"},
    VerbName{"plan", "print everything that a seed expands to"},
    VerbName{"explain", "a property, fault, mark, knob or scenario in a paragraph"},
    VerbName{"list", "what there is: scenarios, properties, faults, workloads, knobs, marks"},
    VerbName{"check", "report every mistake of scenario files"},
    VerbName{"verify-determinism", "run seeds twice, differently, and compare"},
    VerbName{"new", "write a scenario or a project to start from"},
    VerbName{"completion", "print completions for bash, zsh or fish"},
};

/// The parser with the options that it fills.
class Parser {
 public:
  explicit Parser(std::string_view program)
      : app_(std::make_unique<CLI::App>(
            "Runs a system in a simulated world, injects faults, and checks what it promises.",
            std::string(program))) {
    options_.program = program;
    declare_global();
    for (const VerbName& verb : kVerbs) {
      CLI::App* const sub = app_->add_subcommand(std::string(verb.name), std::string(verb.about));
      sub->fallthrough();
      subs_[std::string(verb.name)] = sub;
    }
    declare_run();
    declare_campaign();
    declare_sweep();
    declare_replay();
    declare_shrink();
    declare_keep();
    declare_others();
  }

  std::expected<Options, EarlyEnd> parse(std::span<const std::string> arguments);
  std::vector<std::string> long_options(const std::string& verb) const;

 private:
  void declare_global();
  void declare_run();
  void declare_campaign();
  void declare_sweep();
  void declare_replay();
  void declare_shrink();
  void declare_keep();
  void declare_others();
  void add_overrides(CLI::App& sub);
  void add_files(CLI::App& sub);
  void add_report(CLI::App& sub);
  void add_debugging(CLI::App& sub);
  EarlyEnd mistake(const std::string& verb, std::string what) const;
  std::string help_of(const std::string& verb) const;
  EarlyEnd end_of(const CLI::ParseError& error, const std::string& verb) const;
  CLI::App& sub(const char* verb) { return *subs_.at(verb); }

  Options options_;
  std::string color_ = "auto";
  bool wants_version_ = false;
  std::unique_ptr<CLI::App> app_;
  std::map<std::string, CLI::App*, std::less<>> subs_;
};

void Parser::declare_global() {
  app_->add_flag("--json", options_.is_json, "Print one JSON object, and nothing else, on stdout");
  app_->add_option("--out", options_.out, "Directory for what is written")->type_name("DIR");
  app_->add_option("--color", color_, "auto, always or never")->type_name("WHEN");
  app_->add_flag("-q,--quiet", options_.is_quiet, "No progress");
  app_->add_flag("-v,--verbose", options_.is_verbose, "All records of a failure");
  app_->add_flag("--version", wants_version_, "Print version and build");
}

void Parser::add_overrides(CLI::App& sub) {
  sub.add_option("--set", options_.overrides.sets,
                 "Override a value: a knob ROLE.FIELD, a setting, workloads.NAME.KEY")
      ->type_name("K=V")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void Parser::add_files(CLI::App& sub) {
  sub.add_option("--junit", options_.junit, "Write a JUnit file, for CI")->type_name("F");
  add_report(sub);
}

void Parser::add_report(CLI::App& sub) {
  sub.add_option("--report", options_.report, "Write what happened as a page")->type_name("F.html");
}

void Parser::add_debugging(CLI::App& sub) {
  sub.add_option("--until", options_.until, "Stop after this event and show what led there")
      ->type_name("EVENT");
  sub.add_option("--break", options_.break_at, "Run in gdb and stop at this event")
      ->type_name("EVENT");
  sub.add_option("--log", options_.log,
                 "What happens, as it happens, on stderr: warn (faults, losses), info (also "
                 "machines and clients) or debug (also frames and disks)")
      ->type_name("LEVEL");
}

void Parser::declare_run() {
  CLI::App& run = sub("run");
  run.add_option("scenario", options_.names, "Name, or path of a file")->type_name("SCENARIO");
  run.add_option("--seed", options_.seed, "The seed; 1 by default")->type_name("N");
  add_overrides(run);
  run.add_option("--faults", options_.overrides.faults, "none, mild, harsh or KIND,...")
      ->type_name("F");
  run.add_option("--strategy", options_.overrides.strategy, "fifo, random, pos, pct or portfolio")
      ->type_name("S");
  add_files(run);
  run.add_option("--plan", options_.plan, "Run this plan, edited or not")->type_name("F");
  run.add_option("--trace", options_.trace, "Write what happened, a line each")->type_name("F");
  add_debugging(run);
  run.add_flag("--go-on", options_.goes_on,
               "Run to the end whatever a property says, so that all of them can object");
  run.add_flag("--shrink", options_.has_shrink, "Make a failure as small as it can be");
  // What one build asks of another; help and completion leave it out.
  run.add_option("--record", options_.record)->type_name("F")->group("");
  run.add_option("--block", options_.block)->type_name("N")->group("");
}

void Parser::declare_campaign() {
  CLI::App& campaign = sub("campaign");
  campaign
      .add_option("scenarios", options_.names,
                  "Names, paths, patterns with * or @TAG; @default where none is given")
      ->type_name("SCENARIO");
  campaign.add_option("--seeds", options_.seeds, "For each scenario; 200 by default")
      ->type_name("N|A..B|A,B");
  campaign.add_option("--for", options_.wall_time, "Stop after this time in all")->type_name("T");
  campaign.add_option("--from", options_.from, "The first seed")->type_name("N");
  campaign.add_option("-j,--jobs", options_.jobs, "Workers; the CPUs there are by default")
      ->type_name("N");
  campaign.add_option("--shard", options_.shard, "One of N machines, from 1: by seed modulo N")
      ->type_name("I/N");
  campaign.add_option("-x,--max-failures", options_.max_failures, "Stop after N failed runs")
      ->type_name("N");
  campaign.add_option("--db", options_.database, "Database to write or append to")->type_name("F");
  campaign
      .add_option("--resume", options_.resume,
                  "Go on with the campaign of this folder or database, which was stopped")
      ->type_name("DIR|F.db");
  campaign
      .add_option("--rerun", options_.rerun,
                  "Run again what failed in the campaign of this folder or database")
      ->type_name("DIR|F.db");
  campaign
      .add_option("--strategy", options_.overrides.strategy, "fifo, random, pos, pct or portfolio")
      ->type_name("S");
  add_overrides(campaign);
  add_files(campaign);
  campaign.add_option("--faults", options_.overrides.faults, "none, mild, harsh or KIND,...")
      ->type_name("F");
  campaign.add_flag("--no-shrink", options_.has_no_shrink, "Leave failures as they were found");
}

void Parser::declare_sweep() {
  CLI::App& sweep = sub("sweep");
  sweep
      .add_option(
          "what", options_.names,
          "For each change of a server's disk, and each way in which what is not synced can "
          "survive, one run with a power loss there; then, for each disk that differs, the "
          "same during the recovery. No other faults")
      ->type_name("crash SCENARIO");
  sweep.add_option("--seed", options_.seed, "The seed of the plan that is swept; 1 by default")
      ->type_name("N");
  sweep.add_option("--for", options_.wall_time, "Stop after this time: inconclusive")
      ->type_name("T");
  sweep.add_option("-j,--jobs", options_.jobs, "Workers; the CPUs there are by default")
      ->type_name("N");
  sweep.add_option("--shard", options_.shard, "One of N machines, from 1: by plan modulo N")
      ->type_name("I/N");
  sweep.add_option("-x,--max-failures", options_.max_failures, "Stop after N failed runs")
      ->type_name("N");
  sweep
      .add_option("--strategy", options_.overrides.strategy, "fifo, random, pos, pct or portfolio")
      ->type_name("S");
  add_overrides(sweep);
  add_files(sweep);
  sweep.add_flag("--no-shrink", options_.has_no_shrink, "Leave failures as they were found");
}

void Parser::declare_replay() {
  CLI::App& replay = sub("replay");
  replay
      .add_option("repros", options_.names,
                  "Repro files, folders of them, tokens, '-', or a scenario with --seed")
      ->type_name("F.repro.json|DIR|TOKEN|-");
  replay.add_option("--seed", options_.seed, "With a scenario: the same as run")->type_name("N");
  replay
      .add_option("--min-match", options_.min_match,
                  "Below this share in percent a repro is stale; 80 by default")
      ->type_name("P");
  replay.add_flag("--bisect", options_.is_bisect,
                  "For git bisect run: 1 where reproduced, 0 where gone, else 125");
  add_overrides(replay);
  add_files(replay);
  add_debugging(replay);
  replay.add_option("--faults", options_.overrides.faults, "With --seed: as in run")
      ->type_name("F");
  replay.add_option("--strategy", options_.overrides.strategy, "With --seed: as in run")
      ->type_name("S");
}

void Parser::declare_shrink() {
  CLI::App& shrink = sub("shrink");
  shrink.add_option("repro", options_.names, "A repro file, a token, '-', or the latest one")
      ->type_name("F.repro.json|TOKEN|-|latest");
  shrink.add_option("-o,--output", options_.output, "Write the small repro there")->type_name("F");
  add_report(shrink);
  shrink.add_option("--for", options_.wall_time, "For at most this time; 60s by default")
      ->type_name("T");
  shrink.add_option("-j,--jobs", options_.jobs, "Workers; the CPUs there are by default")
      ->type_name("N");
}

void Parser::declare_keep() {
  CLI::App& keep = sub("keep");
  keep.add_option("repros", options_.names, "Repro files, folders of them, tokens, '-', or latest")
      ->type_name("F.repro.json|DIR|TOKEN|-|latest");
  keep.add_flag("--replace", options_.replaces, "Take the place of another repro of the failure");
}

void Parser::declare_others() {
  CLI::App& plan = sub("plan");
  plan.add_option("scenario", options_.names, "A scenario, or a repro or plan file")
      ->type_name("SCENARIO|F");
  plan.add_option("--seed", options_.seed, "The seed; 1 by default")->type_name("N");
  add_overrides(plan);
  plan.add_option("--faults", options_.overrides.faults, "none, mild, harsh or KIND,...")
      ->type_name("F");
  plan.add_option("--strategy", options_.overrides.strategy, "fifo, random, pos, pct or portfolio")
      ->type_name("S");
  sub("explain").add_option("id", options_.names, "What to explain")->type_name("ID");
  CLI::App& merge = sub("merge");
  merge.add_option("databases", options_.names, "Databases of campaigns, or their folders")
      ->type_name("A.db...");
  merge.add_option("-o,--output", options_.output, "The new database")->type_name("C.db");
  CLI::App& report = sub("report");
  report
      .add_option("of", options_.names,
                  "What a run or campaign wrote, a database, or a repro; the latest by default")
      ->type_name("DIR|F.db|F.repro.json|TOKEN|-");
  report.add_option("-o,--output", options_.output, "Write the page there")->type_name("F.html");
  report.add_flag("--open", options_.opens, "Open it in a browser");
  CLI::App& list = sub("list");
  list.add_option("kinds", options_.names,
                  "scenarios, properties, faults, workloads, knobs or marks; all by default")
      ->type_name("KIND");
  list.add_option("--show", options_.show, "One of them in full")->type_name("NAME");
  CLI::App& check = sub("check");
  check.add_option("files", options_.names, "Scenario files")->type_name("F.toml");
  check.add_flag("--schema", options_.wants_schema, "Print the JSON schema of scenario files");
  CLI::App& verify = sub("verify-determinism");
  verify.add_option("scenario", options_.names, "Name, or path of a file")->type_name("SCENARIO");
  verify.add_option("--seeds", options_.seeds, "20 by default")->type_name("N|A..B|A,B");
  verify.add_option("--against", options_.against, "Another build of this program")
      ->type_name("BINARY");
  add_overrides(verify);
  sub("new")
      .add_option("what", options_.names, "scenario NAME or project NAME")
      ->type_name("scenario|project NAME");
  sub("completion").add_option("shell", options_.names, "bash, zsh or fish")->type_name("SHELL");
}

std::vector<std::string> Parser::long_options(const std::string& verb) const {
  std::vector<std::string> names;
  const auto found = subs_.find(verb);
  std::vector<const CLI::App*> apps{app_.get()};
  if (found != subs_.end()) apps.push_back(found->second);
  for (const CLI::App* const app : apps) {
    for (const CLI::Option* const option : app->get_options()) {
      if (option->get_group().empty()) continue;
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  std::ranges::sort(names);
  const auto repeated = std::ranges::unique(names);
  names.erase(repeated.begin(), repeated.end());
  return names;
}

std::vector<HelpRow> rows_of(const CLI::App& app) {
  std::vector<HelpRow> rows;
  for (const CLI::Option* const option : app.get_options()) {
    if (option->get_group().empty()) continue;
    std::string name;
    if (option->get_positional()) {
      name = option->get_type_name();
    } else {
      for (const std::string& letter : option->get_snames()) name += "-" + letter + ", ";
      name += "--" + option->get_lnames().front();
      // A flag takes nothing.
      if (option->get_items_expected_max() > 0) name += " " + option->get_type_name();
    }
    rows.push_back({.name = std::move(name), .about = option->get_description()});
  }
  return rows;
}

std::string Parser::help_of(const std::string& verb) const {
  std::vector<HelpRow> everywhere = rows_of(*app_);
  const auto found = subs_.find(verb);
  if (found == subs_.end()) {
    std::vector<HelpRow> verbs;
    for (const VerbName& one : kVerbs) {
      verbs.push_back({.name = std::string(one.name), .about = std::string(one.about)});
    }
    return program_help(options_.program, verbs, everywhere);
  }
  std::vector<HelpRow> rows = rows_of(*found->second);
  // Help itself is one of everywhere.
  std::erase_if(rows, [](const HelpRow& row) { return row.name.starts_with("-h"); });
  std::vector<std::string> usages;
  std::string_view all = std::ranges::find(kUsages, verb, &Usage::verb)->text;
  for (std::size_t at = 0; at != std::string_view::npos; all.remove_prefix(at)) {
    // "F.repro.json|DIR|-" is one way; another one repeats the verb.
    at = all.find("|" + verb);
    usages.emplace_back(all.substr(0, at));
    if (at != std::string_view::npos) ++at;
  }
  return verb_help(options_.program, found->second->get_description(), usages, rows, everywhere);
}

EarlyEnd Parser::mistake(const std::string& verb, std::string what) const {
  const std::string help =
      verb.empty() ? options_.program + " --help" : options_.program + " " + verb + " --help";
  return {.status = number(ExitStatus::kUsage),
          .out = {},
          .err = fmt::format("millrace: {}\nsee {}\n", what, help)};
}

EarlyEnd Parser::end_of(const CLI::ParseError& error, const std::string& verb) const {
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
    return {.status = number(ExitStatus::kHeld), .out = help_of(verb), .err = {}};
  }
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    const auto found = subs_.find(verb);
    const CLI::App& app = found == subs_.end() ? *app_ : *found->second;
    for (const std::string& extra : app_->remaining(true)) {
      if (!extra.starts_with("-")) continue;
      const std::string name = extra.substr(0, extra.find('='));
      return mistake(verb, unknown_name("option", name, long_options(app.get_name())));
    }
  }
  return mistake(verb, error.what());
}

std::expected<Options, EarlyEnd> Parser::parse(std::span<const std::string> arguments) {
  // The verb is the first word that no global option takes; CLI11 would blame its options first.
  std::string verb;
  for (std::size_t i = 0; i < arguments.size() && verb.empty(); ++i) {
    if (arguments[i] == "--out" || arguments[i] == "--color") {
      ++i;
    } else if (!arguments[i].starts_with("-")) {
      verb = arguments[i];
    }
  }
  if (!verb.empty() && !subs_.contains(verb)) {
    std::vector<std::string> known;
    for (const VerbName& one : kVerbs) known.emplace_back(one.name);
    return std::unexpected(mistake("", unknown_name("verb", verb, known)));
  }
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app_->parse(reversed);
  } catch (const CLI::ParseError& error) {
    return std::unexpected(end_of(error, verb));
  }
  if (wants_version_) {
    const BuildInfo& build = build_info();
    // Of another's system, this is another's version.
    const std::string name = options_.program.substr(options_.program.rfind('/') + 1);
    return std::unexpected(
        EarlyEnd{.status = number(ExitStatus::kHeld),
                 .out = fmt::format("{} {} ({}{}, {} {}{}{})\n", name, build.version, build.commit,
                                    build.is_dirty ? " dirty" : "", build.compiler, build.preset,
                                    build.sanitizer == "none" ? "" : " ",
                                    build.sanitizer == "none" ? "" : build.sanitizer),
                 .err = {}});
  }
  if (verb.empty()) return std::unexpected(mistake("", "a verb is missing\n\n" + help_of("")));
  const std::map<std::string, ColorChoice, std::less<>> colors{{"auto", ColorChoice::kAuto},
                                                               {"always", ColorChoice::kAlways},
                                                               {"never", ColorChoice::kNever}};
  const auto color = colors.find(color_);
  if (color == colors.end()) {
    return std::unexpected(
        mistake(verb, fmt::format("--color is auto, always or never, not '{}'", color_)));
  }
  options_.verb = verb;
  options_.command_line = shell_word(options_.program);
  for (const std::string& word : arguments) options_.command_line += " " + shell_word(word);
  options_.color = color->second;
  return options_;
}

}  // namespace

std::expected<Options, EarlyEnd> parse_command_line(std::string_view program,
                                                    std::span<const std::string> arguments) {
  return Parser(program).parse(arguments);
}

std::span<const VerbName> verb_names() { return kVerbs; }

std::vector<std::string> option_names(std::string_view verb) {
  return Parser("millrace").long_options(std::string(verb));
}

std::string shell_word(std::string_view word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+./=:,@%";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string_view::npos) {
    return std::string(word);
  }
  std::string quoted = "'";
  for (const char letter : word) {
    if (letter == '\'') {
      quoted += "'\\''";
    } else {
      quoted += letter;
    }
  }
  return quoted + "'";
}

std::vector<std::string> command_words(const Overrides& overrides) {
  std::vector<std::string> words;
  for (const std::string& set : overrides.sets) words.insert(words.end(), {"--set", set});
  if (overrides.faults.has_value()) words.insert(words.end(), {"--faults", *overrides.faults});
  if (overrides.strategy.has_value()) {
    words.insert(words.end(), {"--strategy", *overrides.strategy});
  }
  return words;
}

std::string command_text(const Overrides& overrides) {
  std::string text;
  for (const std::string& word : command_words(overrides)) text += " " + shell_word(word);
  return text;
}

}  // namespace millrace::command
