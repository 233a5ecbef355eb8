#include "reports/run_page.h"

#include <nlohmann/json.hpp>

#include "reports/page_file.h"
#include "reports/run_page_neighbour.h"
#include "reports/run_page_plan.h"
#include "reports/run_page_plots.h"
#include "reports/run_page_trace.h"
#include "sim/run/signature.h"
#include "system/base/check.h"

namespace millrace::reports {
namespace {

constexpr int kSchema = 1;

/// A member of an object of `--json`, null where it has none.
PageJson member(const PageJson& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? PageJson(nullptr) : *found;
}

PageJson text_or_null(std::string_view text) {
  return text.empty() ? PageJson(nullptr) : PageJson(text);
}

class RunPageObject {
 public:
  explicit RunPageObject(const RunPage& page)
      : page_(page),
        record_(page.record),
        object_of_run_(PageJson::parse(page.run_json)),
        tables_(page.plan),
        all_(choose_evidence(record_, record_.trace.size() + 2)),
        shown_(choose_evidence(record_, kEvidenceLines)),
        rows_(record_, all_) {}

  PageJson make() {
    PageJson object{
        {"page", "run"}, {"schema", kSchema}, {"build", build_json()}, {"run", run_json()}};
    if (record_.is_red()) object["failure"] = failure_json();
    object["consequences"] = consequences_json();
    if (page_.screen.seeds > 0) object["group"] = group_json();
    object["commands"] = commands_json();
    object["token"] = text_or_null(page_.token);
    object["text"] = text_or_null(page_.screen_text);
    object["plan"] = plan_json(rows_, record_, page_.plan, page_.shrunk);
    object["knobs"] = knobs_json(page_.plan, page_.registry);
    object["overrides"] = member(object_of_run_, "overrides");
    object["machines"] = tables_.machines_json();
    EventColumns events(tables_);
    for (std::size_t row = 0; row < rows_.size(); ++row) events.add(rows_[row]);
    object["events"] = events.take();
    object["causes"] = causes_json(rows_);
    object["messages"] = messages_json(rows_, record_);
    object["operations"] = operations_json(rows_, record_, page_.plan, tables_);
    object["bands"] = bands_json(rows_, record_, page_.plan, tables_);
    object["spans"] = spans_json(rows_, record_, tables_);
    object["evidence"] = evidence_json(rows_, all_, shown_);
    object["facets"] = facets_json(rows_);
    object["series"] = series_json(rows_, record_);
    if (page_.neighbour != nullptr) {
      object["neighbour"] = neighbour_json(rows_, record_, *page_.neighbour, tables_);
    }
    object["properties"] = properties_json();
    for (const char* const name : {"faults", "marks", "situations"}) {
      object[name] = member(object_of_run_, name);
    }
    object["rows_left_out"] = rows_.left_out();
    // Last: all others have put their texts there.
    object["strings"] = tables_.strings_json();
    return object;
  }

 private:
  PageJson build_json() const {
    PageJson build = member(object_of_run_, "build");
    build["text"] = run::build_text(page_.screen.build);
    return build;
  }

  PageJson run_json() const {
    PageJson run = PageJson::object();
    for (const char* const name : {"scenario", "seed", "strategy", "verdict", "fingerprint", "plan",
                                   "events", "virtual_ns", "acked_operations", "reason", "limit"}) {
      run[name] = member(object_of_run_, name);
    }
    run["records"] = record_.records;
    run["story"] = text_or_null(page_.story);
    return run;
  }

  /// Where a record is shown; the first row of its event where it is none.
  std::int64_t row_of(const run::At& at) const {
    for (std::size_t row = 0; at.record != 0 && row < rows_.size(); ++row) {
      if (rows_[row].record == at.record) return static_cast<std::int64_t>(row);
    }
    return rows_.row_at(at.ordinal);
  }

  PageJson objection_json(const PageJson& violation, const run::At& at, std::int64_t row) const {
    PageJson failure = PageJson::object();
    for (const char* const name :
         {"property", "name", "signature", "group", "claim", "seen", "expected", "event"}) {
      failure[name] = member(violation, name);
    }
    failure["t"] = at.time.ns;
    failure["row"] = row;
    failure["machine"] =
        row < 0 ? -1 : tables_.machine(rows_[static_cast<std::size_t>(row)].machine);
    return failure;
  }

  PageJson failure_json() const {
    const PageJson violation = member(object_of_run_, "violation");
    if (record_.violation.has_value()) {
      return objection_json(violation, record_.violation->at, rows_.violation_row());
    }
    CHECK(record_.breakdown.has_value(), "a run that is red says what failed");
    const run::Breakdown& breakdown = *record_.breakdown;
    PageJson failure = objection_json(violation, breakdown.at, rows_.violation_row());
    failure["machine"] = tables_.machine(breakdown.machine);
    failure["role"] = breakdown.role;
    failure["task"] = breakdown.task;
    failure["frames"] = breakdown.frames;
    return failure;
  }

  PageJson consequences_json() const {
    PageJson list = PageJson::array();
    const PageJson consequences = member(object_of_run_, "consequences");
    for (std::size_t i = 0; i < record_.consequences.size(); ++i) {
      const run::At& at = record_.consequences[i].at;
      list.push_back(objection_json(consequences[i], at, row_of(at)));
    }
    return list;
  }

  PageJson group_json() const {
    const std::optional<FirstSeen>& known = page_.screen.known;
    PageJson group{{"status", known.has_value() ? "known" : "new"},
                   {"count", page_.screen.group_seeds},
                   {"seeds", page_.screen.seeds},
                   {"noun", page_.screen.noun}};
    if (!known.has_value()) return group;
    group["known_since"] = known->utc;
    group["known_commit"] = known->commit;
    return group;
  }

  PageJson commands_json() const {
    PageJson list = PageJson::array();
    const auto add = [&](const char* id, const std::string& text) {
      if (!text.empty()) list.push_back({{"id", id}, {"text", text}});
    };
    add("replay", page_.screen.replay_command);
    add("token", page_.screen.token_command);
    add("seed", page_.screen.seed_command);
    add("look", page_.screen.look_command);
    add("stop", stop_command(record_, page_.screen));
    add("keep", page_.screen.keep_command);
    return list;
  }

  PageJson properties_json() const {
    PageJson list = member(object_of_run_, "properties");
    for (PageJson& property : list) {
      const auto* const known = page_.registry.find_property(property.value("id", ""));
      if (known != nullptr) property["claim"] = known->claim.sentence;
    }
    return list;
  }

  const RunPage& page_;
  const run::RunRecord& record_;
  PageJson object_of_run_;
  PageTables tables_;
  Evidence all_;
  Evidence shown_;
  PageRows rows_;
};

}  // namespace

std::string run_page_json(const RunPage& page) {
  // Texts of the system under test may hold any byte.
  return RunPageObject(page).make().dump(-1, ' ', false, PageJson::error_handler_t::replace);
}

std::string run_page_html(const RunPage& page) {
  return page_with("run.html", run_page_json(page));
}

}  // namespace millrace::reports
