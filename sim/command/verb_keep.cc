// `millrace keep`: copies repros to where the project's tests replay them.

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <optional>
#include <string_view>

#include "sim/command/json_output.h"
#include "sim/command/output_dir.h"
#include "sim/command/repro_input.h"
#include "sim/command/verbs.h"
#include "sim/run/repro.h"
#include "sim/run/signature.h"
#include "sim/run/writable.h"

namespace millrace::command {
namespace {

namespace fs = std::filesystem;

using Mistakes = std::vector<std::string>;

/// Where a project keeps repros that millrace.toml says nothing of.
constexpr std::string_view kReprosByDefault = "tests/repros";

/// The folder of the repository around `folder`.
std::optional<fs::path> find_repository(const fs::path& folder) {
  for (fs::path at = folder;; at = at.parent_path()) {
    std::error_code ignored;
    // A file in a worktree, a folder elsewhere.
    if (fs::exists(at / ".git", ignored)) return at;
    if (at == at.parent_path()) return std::nullopt;
  }
}

/// The folder for kept repros: --out, else what millrace.toml says, else that of the project.
std::expected<fs::path, std::string> repros_folder(const Context& context) {
  if (context.options.out.has_value()) return *context.options.out;
  if (context.settings.repros.has_value()) return *context.settings.repros;
  if (context.settings.project.has_value())
    return fs::path(*context.settings.project) / kReprosByDefault;
  std::error_code no_folder;
  if (const auto found = find_repository(fs::current_path(no_folder))) {
    return *found / kReprosByDefault;
  }
  return std::unexpected(
      "there is neither a millrace.toml nor a repository here or above, so no project to keep it "
      "in; --out names a folder");
}

/// Whether a name that was read from a repro may become a part of a path.
bool is_plain(std::string_view name) {
  return !name.empty() && name.front() != '.' &&
         name.find_first_not_of(
             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
             "_.-") == std::string_view::npos;
}

/// A path as one would type it here.
std::string shown(const fs::path& path) {
  std::error_code no_folder;
  const fs::path near = path.lexically_relative(fs::current_path(no_folder));
  const bool is_below = !near.empty() && *near.begin() != "..";
  return is_below || path.is_relative() ? (is_below ? near : path).string() : path.string();
}

class Keeper {
 public:
  Keeper(const Context& context, fs::path folder) : context_(context), folder_(std::move(folder)) {}

  /// Reads the repros of an argument; nothing is written yet.
  void add(const std::string& argument) {
    const auto name = resolve_latest(argument);
    if (!name.has_value()) {
      mistakes_.push_back(name.error());
      return;
    }
    const auto found = find_repros(*name, context_.console);
    if (!found.has_value()) {
      mistakes_.insert(mistakes_.end(), found.error().begin(), found.error().end());
      return;
    }
    if (found->empty()) mistakes_.push_back(*name + ": there is no repro to keep");
    for (const ReproText& text : *found) add_text(text);
  }

  /// Copies all, or none where there is a mistake. Errors: the exit status, said already.
  std::expected<std::vector<KeptRepro>, int> keep() {
    if (!mistakes_.empty()) return std::unexpected(usage_error(context_, mistakes_));
    std::vector<KeptRepro> kept;
    for (const Copy& copy : copies_) {
      std::error_code error;
      fs::create_directories(copy.path.parent_path(), error);
      if (error) {
        return std::unexpected(tool_error(
            context_, fmt::format("{}: {}", shown(copy.path.parent_path()), error.message())));
      }
      if (copy.kept.state != KeptState::kSame) {
        const auto written = write_file(copy.path.string(), copy.json);
        if (!written.has_value()) return std::unexpected(tool_error(context_, written.error()));
      }
      kept.push_back(copy.kept);
    }
    return kept;
  }

 private:
  struct Copy {
    fs::path path;
    std::string json;
    KeptRepro kept;
  };

  void add_text(const ReproText& text) {
    const Result<run::Repro> repro = run::repro_from_json(text.json, context_.registry);
    if (!repro.has_value()) {
      mistakes_.push_back(fmt::format("{}: {}", text.shown_name, repro.error().detail));
      return;
    }
    const std::string& scenario = repro->plan.scenario;
    const std::string file = run::repro_file_name(repro->signature);
    if (!is_plain(scenario) || !is_plain(file)) {
      mistakes_.push_back(fmt::format("{}: neither '{}' nor '{}' may be more than a name",
                                      text.shown_name, scenario, file));
      return;
    }
    Copy copy{.path = folder_ / scenario / file, .json = run::repro_to_json(*repro), .kept = {}};
    copy.kept = {.file = shown(copy.path),
                 .scenario = scenario,
                 .signature = repro->signature,
                 .state = KeptState::kNew};
    if (judge_place(text, copy)) copies_.push_back(std::move(copy));
  }

  /// Whether the copy's place is free, or holds what may be replaced.
  bool judge_place(const ReproText& text, Copy& copy) {
    const bool is_taken_here = std::ranges::any_of(copies_, [&](const Copy& other) {
      return other.path == copy.path && other.json != copy.json;
    });
    if (is_taken_here) {
      mistakes_.push_back(
          fmt::format("{}: two of these repros would be {}", text.shown_name, copy.kept.file));
      return false;
    }
    std::error_code ignored;
    if (!fs::exists(copy.path, ignored)) return true;
    const auto before = read_file(copy.path.string());
    if (before.has_value() && *before == copy.json) {
      copy.kept.state = KeptState::kSame;
    } else if (context_.options.replaces) {
      copy.kept.state = KeptState::kReplaced;
    } else {
      mistakes_.push_back(fmt::format(
          "{}: another repro of this failure is kept as {}; --replace puts this one in its place",
          text.shown_name, copy.kept.file));
      return false;
    }
    return true;
  }

  const Context& context_;
  fs::path folder_;
  std::vector<Copy> copies_;
  Mistakes mistakes_;
};

std::string_view verb_of(KeptState state) {
  switch (state) {
    case KeptState::kNew:
      return "kept      ";
    case KeptState::kReplaced:
      return "replaced  ";
    case KeptState::kSame:
      return "unchanged ";
  }
  return "";
}

/// How ctest calls a kept repro, as cmake/millrace_discover_script.cmake does.
std::string test_name(const KeptRepro& kept) {
  std::string stem = run::repro_file_name(kept.signature);
  stem.resize(stem.size() - kReproSuffix.size());
  return fmt::format("repro.{}.{}", kept.scenario, stem);
}

}  // namespace

int verb_keep(const Context& context) {
  if (context.options.names.empty()) {
    return usage_error(context, "keep needs a repro file, a folder, a token, '-', or latest");
  }
  const auto folder = repros_folder(context);
  if (!folder.has_value()) return usage_error(context, folder.error());
  const Result<void> writable = run::check_writable(folder->string(), run::Wanted::kFolder);
  if (!writable.has_value()) return usage_error(context, writable.error().detail);
  Keeper keeper(context, *folder);
  for (const std::string& name : context.options.names) keeper.add(name);
  const auto kept = keeper.keep();
  if (!kept.has_value()) return kept.error();
  if (context.options.is_json) {
    context.console.out(keep_json(*kept));
    return number(ExitStatus::kHeld);
  }
  for (const KeptRepro& one : *kept) {
    context.console.out(fmt::format("{}{}\n          as a test: ctest -R {}\n", verb_of(one.state),
                                    one.file, test_name(one)));
  }
  return number(ExitStatus::kHeld);
}

}  // namespace millrace::command
