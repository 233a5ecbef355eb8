#include "reports/failure_screen.h"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>
#include <utility>
#include <vector>

#include "reports/evidence.h"
#include "reports/plan_text.h"
#include "reports/text.h"
#include "sim/run/plan.h"
#include "sim/run/signature.h"
#include "system/base/check.h"

namespace millrace::reports {
namespace {

constexpr std::size_t kFramesShown = 10;
constexpr std::size_t kConsequencesShown = 3;
/// Operations and faults of a small plan.
constexpr std::size_t kPartsShown = 8;
/// Lines that a record may take in the short form.
constexpr std::size_t kRecordLines = 2;
/// Where texts begin behind their labels: of what happened, and of how to get there again.
constexpr std::size_t kStoryColumn = 12;
constexpr std::size_t kBuildColumn = 14;
constexpr std::size_t kMachineColumns = 18;

std::string_view headline(run::Verdict verdict) {
  switch (verdict) {
    case run::Verdict::kPass:
      return "PASS";
    case run::Verdict::kFail:
      return "FAIL";
    case run::Verdict::kCrash:
      return "CRASH";
    case run::Verdict::kHang:
      return "HANG";
    case run::Verdict::kLimit:
      return "LIMIT";
    case run::Verdict::kInconclusive:
      return "INCONCLUSIVE";
  }
  UNREACHABLE("every verdict has its headline");
}

/// What a breakdown means, in the place of a property's claim.
std::string_view breakdown_claim(run::Verdict verdict) {
  switch (verdict) {
    case run::Verdict::kCrash:
      return "The system under test crashed its process.";
    case run::Verdict::kHang:
      return "A task ran on and on while virtual time stood still.";
    case run::Verdict::kLimit:
      return "The run reached one of its limits.";
    case run::Verdict::kPass:
    case run::Verdict::kFail:
    case run::Verdict::kInconclusive:
      return "The system under test broke a promise to itself, and the run stopped there.";
  }
  UNREACHABLE("every verdict has its claim");
}

const std::string& said(const run::TraceLine& line) {
  return line.words.empty() ? line.text : line.words;
}

class FailureScreen {
 public:
  FailureScreen(const run::RunRecord& record, const FailureContext& context,
                const ScreenOptions& options)
      : record_(record), context_(context), options_(options), width_(layout_width(options)) {}

  std::string text() {
    add_first_line();
    text_ += '\n';
    if (record_.violation.has_value()) {
      add_violation(*record_.violation);
    } else if (record_.breakdown.has_value()) {
      add_breakdown(*record_.breakdown);
    } else {
      add_labelled("reason", record_.reason, kStoryColumn);
    }
    text_ += '\n';
    const bool has_evidence = add_evidence();
    if (has_evidence) text_ += '\n';
    add_build();
    return std::move(text_);
  }

 private:
  std::string ink(std::string_view text, Ink ink) const {
    return painted(text, ink, options_.has_color);
  }

  void add_first_line() {
    const Ink verdict = record_.is_red() ? Ink::kBad : Ink::kWarning;
    Flow line(width_, 6, options_.has_color);
    line.add(0, headline(record_.verdict), verdict);
    line.add(2, printable(record_.scenario), Ink::kBold);
    line.add(2, fmt::format("seed {}", record_.seed), Ink::kBold);
    if (record_.violation.has_value()) {
      line.add(3, printable(record_.violation->property + " " + record_.violation->name),
               Ink::kBold);
    } else if (!record_.signature().empty()) {
      line.add(3, cut_middle(printable(record_.signature()), width_ - 6), Ink::kBold);
    }
    if (context_.is_new) line.add(3, "NEW", Ink::kBad);
    if (context_.known.has_value()) {
      line.add(3, "KNOWN", Ink::kBad);
      line.add(1, printable(since_text(*context_.known)), Ink::kPlain);
    }
    if (!record_.signature().empty()) {
      std::string group = "group " + run::short_group_key(record_.signature());
      if (context_.seeds > 0) {
        group += fmt::format(", {} of {}", thousands(context_.group_seeds),
                             counted(context_.seeds, context_.noun));
      }
      line.add(3, group, Ink::kPlain);
    }
    text_ += line.text();
  }

  /// A text behind its label, wrapped below itself.
  void add_labelled(std::string_view label, std::string_view text, std::size_t column) {
    std::string start = "  " + ink(padded(label, column - 2), Ink::kDim);
    for (const std::string& line : wrapped(printable(text), width_ - column)) {
      text_ += start + line + '\n';
      start.assign(column, ' ');
    }
  }

  void add_claim(std::string_view claim) {
    for (const std::string& line : wrapped(printable(claim), width_ - 2)) {
      text_ += "  " + line + '\n';
    }
  }

  void add_violation(const run::Objection& violation) {
    add_claim(violation.claim);
    add_labelled("seen", violation.seen, kStoryColumn);
    add_labelled("expected", violation.expected, kStoryColumn);
  }

  void add_breakdown(const run::Breakdown& breakdown) {
    add_claim(breakdown_claim(record_.verdict));
    add_labelled("seen", breakdown.what, kStoryColumn);
    Flow where(width_, kStoryColumn, options_.has_color);
    where.add(2, padded("where", kStoryColumn - 2), Ink::kDim);
    std::size_t gap = 0;
    const auto add_place = [&](const std::string& part) {
      if (!part.empty()) where.add(std::exchange(gap, 1), printable(part) + ",", Ink::kPlain);
    };
    add_place(breakdown.machine);
    if (breakdown.role != breakdown.machine) add_place(breakdown.role);
    if (!breakdown.task.empty()) add_place("task " + breakdown.task);
    add_place(moment_text(breakdown.at.time.ns));
    where.add(1, fmt::format("event {}", breakdown.at.ordinal), Ink::kPlain);
    text_ += where.text();
    add_frames(breakdown.frames);
  }

  void add_frames(const std::vector<std::string>& frames) {
    const std::size_t shown =
        options_.is_verbose ? frames.size() : std::min(frames.size(), kFramesShown);
    for (std::size_t i = 0; i < shown; ++i) {
      const std::string frame = printable(frames[i]);
      text_ += fmt::format("  {}{:>2}  {}\n", ink(padded(i == 0 ? "frames" : "", 10), Ink::kDim), i,
                           options_.is_verbose ? frame : cut(frame, width_ - kStoryColumn - 4));
    }
    if (shown < frames.size()) {
      text_ += fmt::format("{:16}{}: -v\n", "", counted(frames.size() - shown, "more frame"));
    }
  }

  // --- the table of evidence ---

  bool add_evidence() {
    const std::size_t lines_max = options_.is_verbose ? record_.trace.size() + 2 : kEvidenceLines;
    const Evidence evidence = choose_evidence(record_, lines_max);
    if (evidence.lines.empty()) return add_consequences("");
    measure(evidence);
    text_ += "  " + ink(fmt::format(" {}   {}   machine", right_aligned("event", event_columns_),
                                    right_aligned("time", time_columns_)),
                        Ink::kDim);
    text_ += '\n';
    for (const EvidenceLine& line : evidence.lines) add_line(line);
    std::string chosen = fmt::format("{} of {}", thousands(evidence.lines.size()),
                                     counted(evidence.related_count, "record"));
    if (evidence.lines.size() < evidence.related_count) chosen += "; all: -v";
    add_consequences(chosen);
    return true;
  }

  void measure(const Evidence& evidence) {
    event_columns_ = 5;
    time_columns_ = 7;
    machine_columns_ = 7;
    peer_columns_ = 0;
    text_columns_ = 0;
    for (const auto& [line, role] : evidence.lines) {
      const auto widen = [](std::size_t& columns, const std::string& text) {
        columns = std::max(columns, width_of(text));
      };
      widen(event_columns_, std::to_string(line.ordinal));
      widen(time_columns_, moment_text(line.time_ns));
      widen(machine_columns_, printable(line.machine));
      widen(peer_columns_, printable(line.peer));
      widen(text_columns_, printable(said(line)));
    }
    machine_columns_ = std::min(machine_columns_, kMachineColumns);
    peer_columns_ = std::min(peer_columns_, kMachineColumns);
  }

  void add_line(const EvidenceLine& evidence) {
    const run::TraceLine& line = evidence.line;
    const std::string_view mark = evidence.role == EvidenceRole::kViolation ? "X"
                                  : evidence.role == EvidenceRole::kFault   ? "!"
                                                                            : " ";
    const Ink weight = evidence.role == EvidenceRole::kViolation ? Ink::kBad
                       : evidence.role == EvidenceRole::kFault   ? Ink::kWarning
                                                                 : Ink::kPlain;
    const std::string place = fmt::format(
        "{}   {}   {}  ", right_aligned(std::to_string(line.ordinal), event_columns_),
        right_aligned(moment_text(line.time_ns), time_columns_),
        padded(cut_middle(printable(line.machine), machine_columns_), machine_columns_));
    std::string way = "  ";
    std::string arrow;
    if (!line.peer.empty()) {
      const bool is_sent = line.kind == sim::NoteKind::kSend;
      arrow = fmt::format("{} {}", is_sent ? "->" : "<-",
                          cut_middle(printable(line.peer), kMachineColumns));
      if (is_sent) way = "> ";
      if (line.kind == sim::NoteKind::kDeliver) way = "< ";
    }
    const std::size_t column = 3 + width_of(place) + way.size();
    // Only lines with an arrow leave room for it.
    const std::size_t arrow_columns = arrow.empty() ? 0 : peer_columns_ + 5;
    std::vector<std::string> texts =
        wrapped(printable(said(line)), width_ - column - arrow_columns);
    shorten(texts, width_ - column - arrow_columns);
    std::string first = texts.front();
    if (!arrow.empty()) {
      // All arrows in one column, no further to the right than the texts need.
      const std::size_t room = std::min(width_ - column - arrow_columns, text_columns_);
      first = padded(first, room + 2) + arrow;
    }
    text_ += "  " + ink(mark, weight) + place + ink(way + first, weight) + '\n';
    for (std::size_t i = 1; i < texts.size(); ++i) {
      text_ += std::string(column, ' ') + ink(texts[i], weight) + '\n';
    }
  }

  void shorten(std::vector<std::string>& lines, std::size_t width) const {
    if (options_.is_verbose || lines.size() <= kRecordLines) return;
    const std::string rest = lines[kRecordLines - 1] + " ...";
    lines.resize(kRecordLines);
    lines.back() = width_of(rest) <= width ? rest : cut(rest, width);
  }

  /// What else objected, behind `before` on its line.
  bool add_consequences(const std::string& before) {
    const std::vector<run::Objection>& all = record_.consequences;
    if (before.empty() && all.empty()) return false;
    Flow line(width_, 2, options_.has_color);
    line.add(2, before, Ink::kPlain);
    const std::size_t shown =
        options_.is_verbose ? all.size() : std::min(all.size(), kConsequencesShown);
    for (std::size_t i = 0; i < shown; ++i) {
      line.add(i == 0 && !before.empty() ? 14 : 3,
               printable(fmt::format("{}{} {} at event {}", i == 0 ? "consequence: " : "",
                                     all[i].property, all[i].name, all[i].at.ordinal)),
               Ink::kPlain);
    }
    if (shown < all.size()) line.add(3, fmt::format("{} more: -v", all.size() - shown), Ink::kDim);
    text_ += line.text();
    return true;
  }

  // --- how to get there again ---

  void add_build() {
    if (!context_.story.empty()) add_labelled("story", context_.story, kBuildColumn);
    for (const std::string& part : context_.parts) add_labelled("", part, kBuildColumn);
    if (!context_.passes_if.empty()) add_labelled("passes if", context_.passes_if, kBuildColumn);
    Flow line(width_, kBuildColumn, options_.has_color);
    line.add(2, padded("build", kBuildColumn - 2), Ink::kDim);
    line.add(0, printable(run::build_text(context_.build)), Ink::kPlain);
    // A run whose process died has neither.
    if (record_.plan != 0) line.add(4, "plan " + run::hex16(record_.plan), Ink::kPlain);
    if (record_.fingerprint != 0) {
      line.add(4, "fingerprint " + run::hex16(record_.fingerprint), Ink::kPlain);
    }
    text_ += line.text();
    for (const std::string& rule : context_.overrides) {
      add_labelled("override", rule, kBuildColumn);
    }
    add_command("replay", context_.replay_command, "");
    add_command("or", context_.token_command, "");
    add_command("seed", context_.seed_command,
                context_.story.empty() ? "(this build)" : "(this build; unshrunk)");
    add_command("look", context_.look_command, "");
    add_command("stop", stop_command(record_, context_), "(in gdb)");
    add_command("keep", context_.keep_command, "(for ctest)");
  }

  /// A command stands whole on its line, however long, so that it can be copied.
  void add_command(std::string_view label, const std::string& command, std::string_view note) {
    if (command.empty()) return;
    const std::string shown = printable(command);
    const bool fits = kBuildColumn + width_of(shown) <= width_;
    text_ += "  " + ink(fits ? padded(label, kBuildColumn - 2) : std::string(label), Ink::kDim);
    // A narrow terminal gets it on a line of its own.
    if (!fits) text_ += "\n    ";
    text_ += ink(shown, Ink::kBold);
    const std::size_t used = (fits ? kBuildColumn : 4) + width_of(shown);
    if (!note.empty() && used + 4 + note.size() <= width_) text_ += "    " + ink(note, Ink::kDim);
    text_ += '\n';
  }

  const run::RunRecord& record_;
  const FailureContext& context_;
  const ScreenOptions& options_;
  std::size_t width_;
  std::size_t event_columns_ = 0;
  std::size_t time_columns_ = 0;
  std::size_t machine_columns_ = 0;
  std::size_t peer_columns_ = 0;
  std::size_t text_columns_ = 0;
  std::string text_;
};

}  // namespace

std::string failure_screen(const run::RunRecord& record, const FailureContext& context,
                           const ScreenOptions& options) {
  CHECK(record.verdict != run::Verdict::kPass, "a run that passed has no failure to show");
  return FailureScreen(record, context, options).text();
}

std::string since_text(const FirstSeen& first) {
  std::string text = "since";
  if (!first.utc.empty()) text += " " + first.utc.substr(0, std::string_view("2026-11-22").size());
  if (!first.commit.empty()) text += " at " + first.commit;
  return text;
}

std::string story_text(const run::Shrunk& shrunk) {
  return fmt::format("{} (from {}, {}, {}; {}, {}){}; {} of {} replays", run::story_of(shrunk.plan),
                     counted(shrunk.from.operations, "operation"),
                     counted(shrunk.from.faults, "fault"), counted(shrunk.from.machines, "machine"),
                     counted(shrunk.runs, "run"), span_text(shrunk.wall_ns),
                     shrunk.is_cut_short ? ", cut short" : "", shrunk.replays_alike, run::kReplays);
}

std::vector<std::string> story_parts(const run::Plan& plan) {
  std::vector<std::string> parts;
  if (run::operation_count(plan) + plan.faults.actions.size() > kPartsShown) return parts;
  for (const run::PlanClient& client : plan.clients) {
    for (const run::PlanOperation& planned : client.operations) {
      const std::string moment = moment_of(planned);
      const std::string arguments = arguments_text(planned.operation);
      parts.push_back(fmt::format("operation {}: {}{}{}{}{}", planned.operation.id,
                                  operation_text(client, planned), moment.empty() ? "" : " ",
                                  moment, arguments.empty() ? "" : ", ", arguments));
    }
  }
  for (const sim::FaultAction& action : plan.faults.actions) {
    parts.push_back(fmt::format("fault {}: {}", action.id, sim::describe(action)));
  }
  return parts;
}

std::string stop_command(const run::RunRecord& record, const FailureContext& context) {
  // Where there is a page there is a repro that is run once more.
  if (context.replay_command.empty() || context.look_command.empty()) return {};
  const std::uint64_t event = record.violation.has_value()   ? record.violation->at.ordinal
                              : record.breakdown.has_value() ? record.breakdown->at.ordinal
                                                             : 0;
  if (event == 0) return {};
  return fmt::format("{} --break {}", context.replay_command, event);
}

std::string passes_if_text(const run::Shrunk& shrunk) {
  if (!shrunk.neighbour.has_value()) return {};
  return fmt::format("{}; the two runs part at event {}", shrunk.neighbour->change,
                     shrunk.neighbour->parts_at);
}

std::string pass_line(const run::RunRecord& record, const ScreenOptions& options) {
  std::uint64_t faults = 0;
  for (const run::FaultCount& fault : record.faults) faults += fault.fired;
  Flow line(layout_width(options), 6, options.has_color);
  line.add(0, "PASS", Ink::kGood);
  line.add(2, printable(record.scenario), Ink::kBold);
  line.add(2, fmt::format("seed {}", record.seed), Ink::kBold);
  line.add(3, counted(record.acked_operations, "acknowledged operation") + ',', Ink::kPlain);
  line.add(1, counted(faults, "fault") + ',', Ink::kPlain);
  line.add(1, counted(record.events, "event") + ',', Ink::kPlain);
  line.add(1, moment_text(record.virtual_ns) + " of virtual time", Ink::kPlain);
  line.add(3, "fingerprint " + run::hex16(record.fingerprint), Ink::kPlain);
  return line.text();
}

}  // namespace millrace::reports
