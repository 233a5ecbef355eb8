#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/sim/command/calls.h"

namespace millrace::command {
namespace {

using nlohmann::json;

/// Each test starts with a repro of a lost number, `lost`.
class ReplayVerb : public CommandTest {
 protected:
  ReplayVerb() {
    const Call seen =
        call({"run", "lossy", "--seed", std::to_string(failing_seed()), "--json", "--out", "o"});
    lost_ = json::parse(seen.out)["repro"];
  }

  /// The repro with a change, in another file.
  template <typename Change>
  std::string changed(const Change& change) const {
    json repro = json::parse(read(lost_));
    change(repro);
    write("changed.repro.json", repro.dump(1));
    return "changed.repro.json";
  }

  std::string lost_;
};

TEST_F(ReplayVerb, reproduces_what_it_finds_again) {
  const Call seen = call({"replay", lost_});
  const json object = json::parse(call({"replay", lost_, "--json"}).out);

  EXPECT_EQ(seen.status, 1);
  // The verdict is the last line.
  EXPECT_TRUE(seen.out.ends_with("REPRODUCED  TOY-1/lost   " + lost_ + "\n")) << seen.out;
  EXPECT_EQ(object["replay"]["verdict"], "reproduced");
  EXPECT_EQ(object["replay"]["matched_percent"], 100);
  EXPECT_EQ(object["replay"]["same_execution"], true);
  EXPECT_EQ(object["violation"]["signature"], "TOY-1/lost");
  EXPECT_TRUE(object["replay"]["first_difference"].is_null());
}

TEST_F(ReplayVerb, says_gone_when_the_cause_is_fixed) {
  const Call seen = call({"replay", lost_, "--set", "store.bug=none", "--json"});

  const json object = json::parse(seen.out);
  EXPECT_EQ(seen.status, 0) << seen.err;
  EXPECT_EQ(object["replay"]["verdict"], "gone");
  EXPECT_EQ(object["replay"]["edited"], true);
}

TEST_F(ReplayVerb, names_the_first_difference_of_another_execution) {
  // Other latencies: as if the code around them had changed.
  const auto with_override = [](json& repro) {
    repro["plan"]["overrides"] = {{{"purpose", "latency"}, {"value", 7'000'000}}};
  };
  const std::string file = changed(with_override);

  const json object = json::parse(call({"replay", file, "--json"}).out);
  const Call seen = call({"replay", file});

  const json& first = object["replay"]["first_difference"];
  ASSERT_TRUE(first.is_object()) << object["replay"];
  EXPECT_GT(first["event"], 0);
  EXPECT_GT(first["virtual_ns"], 0);
  EXPECT_NE(first["what"], "");
  EXPECT_EQ(object["replay"]["same_execution"], false);
  ASSERT_EQ(object["overrides"].size(), 1U);
  EXPECT_EQ(object["overrides"][0]["rule"], "everything: latency 7ms");
  EXPECT_GT(object["overrides"][0]["draws"], 0);
  EXPECT_NE(seen.out.find("override: everything: latency 7ms, "), std::string::npos) << seen.out;
}

TEST_F(ReplayVerb, tells_what_matched_after_an_edit_of_other_code) {
  const Call seen = call_edited({"replay", lost_});
  const json object = json::parse(call_edited({"replay", lost_, "--json"}).out);

  EXPECT_EQ(seen.status, 1) << seen.err;
  EXPECT_TRUE(seen.out.ends_with("REPRODUCED  TOY-1/lost   " + lost_ + "\n")) << seen.out;
  // One line of terminal output may be broken between any two words.
  std::string line = seen.out;
  std::ranges::replace(line, '\n', ' ');
  EXPECT_THAT(line, testing::ContainsRegex(
                        "100 % matched, first difference: (new )?task, in writer-[12], task look, "
                        "at [0-9.]+ s .record [0-9,]+.; reproduced"));
  EXPECT_EQ(object["replay"]["matched_percent"], 100);
  EXPECT_EQ(object["replay"]["first_difference"]["task"], "look");
}

TEST_F(ReplayVerb, names_both_failures_where_it_is_another) {
  const Call seen = call({"replay", lost_, "--set", "store.bug=check"});

  EXPECT_EQ(seen.status, 1);
  EXPECT_NE(seen.out.find("OTHER  check/toy_world"), std::string::npos) << seen.out;
  EXPECT_NE(seen.out.find("TOY-1/lost"), std::string::npos) << seen.out;
  EXPECT_NE(seen.out.find("check/toy_world"), std::string::npos) << seen.out;
}

TEST_F(ReplayVerb, is_stale_where_too_little_meets_its_moment) {
  // 42 operations meet theirs, 60 faults wait for a mark that never comes: 41 %.
  const std::string file = changed([](json& repro) {
    repro["met"]["operations"] = "1-42";
    repro["met"]["faults"] = "1-60";
    json& actions = repro["plan"]["faults"]["actions"];
    actions.clear();
    for (int i = 1; i <= 60; ++i) {
      actions.push_back({{"id", i},
                         {"kind", "machine.kill"},
                         {"anchor", "mark"},
                         {"name", "store.never"},
                         {"duration", "100ms"},
                         {"targets", "store-1"}});
    }
  });

  const Call seen = call({"replay", file, "--set", "store.bug=none", "--json"});

  EXPECT_EQ(seen.status, 4) << seen.err;
  EXPECT_EQ(json::parse(seen.out)["replay"]["verdict"], "stale");
  EXPECT_EQ(json::parse(seen.out)["replay"]["matched_percent"], 41);
  EXPECT_EQ(call({"replay", file, "--set", "store.bug=none", "--min-match", "41"}).status, 0);
  EXPECT_EQ(call({"replay", file, "--min-match", "0"}).status, 2);
  EXPECT_EQ(call({"replay", file, "--min-match", "101"}).status, 2);
}

TEST_F(ReplayVerb, runs_an_edited_repro_with_a_note) {
  const std::string file =
      changed([](json& repro) { repro["plan"]["clients"][0]["operations"].erase(0); });

  const Call seen = call({"replay", file});

  EXPECT_TRUE(seen.status == 0 || seen.status == 1) << seen.err;
  EXPECT_NE(seen.out.find("no longer expected"), std::string::npos) << seen.out;
}

TEST_F(ReplayVerb, takes_a_folder_and_tells_of_each) {
  write("kept/lossy/a.repro.json", read(lost_));
  write("kept/lossy/deeper/b.repro.json", read(lost_));
  write("kept/readme.txt", "not a repro");

  const Call seen = call({"replay", "kept"});
  const json object = json::parse(call({"replay", "kept", "--json"}).out);

  EXPECT_EQ(seen.status, 1);
  EXPECT_NE(seen.out.find("REPRODUCED  TOY-1/lost   kept/lossy/a.repro.json"), std::string::npos)
      << seen.out;
  EXPECT_TRUE(seen.out.ends_with("\n2 repros: 2 reproduced\n")) << seen.out;
  ASSERT_EQ(object["replays"].size(), 2U);
  EXPECT_EQ(object["replays"][1]["replay"]["verdict"], "reproduced");
}

TEST_F(ReplayVerb, of_an_empty_folder_holds_and_says_so) {
  write("kept/readme.txt", "nothing kept yet");

  const Call seen = call({"replay", "kept"});

  EXPECT_EQ(seen.status, 0);
  EXPECT_NE(seen.err.find("holds no *.repro.json"), std::string::npos);
}

TEST_F(ReplayVerb, prints_the_plan_of_a_repro) {
  const Call seen = call({"plan", lost_});

  EXPECT_EQ(seen.status, 0) << seen.err;
  EXPECT_EQ(json::parse(seen.out)["scenario"], "lossy");
}

TEST_F(ReplayVerb, of_a_scenario_needs_a_seed) {
  const Call without = call({"replay", "quiet"});

  EXPECT_EQ(without.status, 2);
  EXPECT_NE(without.err.find("replay quiet --seed N"), std::string::npos);
  EXPECT_EQ(call({"replay", "quiet", "--seed", "3"}).status, 0);
}

TEST_F(ReplayVerb, is_stale_where_the_program_lost_a_name) {
  struct Lost {
    std::string where;
    std::string value;
    std::string said;
  };
  for (const auto& [where, value, said] : {
           Lost{"/plan/machines/0/role", "shop", "unknown role 'shop'"},
           Lost{"/plan/clients/0/workload", "scribe", "unknown workload 'scribe'"},
           Lost{"/plan/clients/0/operations/0/kind", "put", "unknown operation of writer 'put'"},
       }) {
    const std::string file =
        changed([&](json& repro) { repro[json::json_pointer(where)] = value; });

    const Call seen = call({"replay", file});
    const json object = json::parse(call({"replay", file, "--json"}).out);

    EXPECT_EQ(seen.status, 4) << seen.err;
    std::string words = seen.out;
    std::ranges::replace(words, '\n', ' ');
    EXPECT_NE(words.find(said), std::string::npos) << seen.out;
    EXPECT_TRUE(seen.out.ends_with("STALE  TOY-1/lost   changed.repro.json\n")) << seen.out;
    EXPECT_EQ(object["replay"]["verdict"], "stale");
    EXPECT_EQ(object["replay"]["matched_percent"], 0);
    EXPECT_EQ(object["scenario"], "lossy");
    EXPECT_NE(std::string(object["reason"]).find(said), std::string::npos);
  }
}

TEST_F(ReplayVerb, goes_on_with_the_others_of_a_folder_that_has_a_stale_one) {
  write("kept/lossy/good.repro.json", read(lost_));
  write("kept/lossy/lost.repro.json",
        read(changed([](json& repro) { repro["plan"]["clients"][0]["workload"] = "scribe"; })));

  const Call seen = call({"replay", "kept"});

  EXPECT_EQ(seen.status, 1);
  EXPECT_TRUE(seen.out.ends_with("\n2 repros: 1 reproduced, 1 stale\n")) << seen.out;
}

TEST_F(ReplayVerb, tells_git_bisect_the_truth) {
  const std::string stale =
      changed([](json& repro) { repro["plan"]["clients"][0]["workload"] = "scribe"; });
  write("cut.repro.json", read(lost_).substr(0, 200));

  EXPECT_EQ(call({"replay", "--bisect", lost_}).status, 1);
  EXPECT_EQ(call({"replay", "--bisect", lost_, "--set", "store.bug=none"}).status, 0);
  EXPECT_EQ(call({"replay", "--bisect", lost_, "--set", "store.bug=check"}).status, 125);
  EXPECT_EQ(call({"replay", "--bisect", stale}).status, 125);
  EXPECT_EQ(call({"replay", "--bisect", "cut.repro.json"}).status, 125);
  write("empty/readme.txt", "");
  EXPECT_EQ(call({"replay", "--bisect", "empty"}).status, 125);
}

TEST_F(ReplayVerb, writes_junit_with_a_case_a_repro) {
  write("kept/good.repro.json", read(lost_));
  write("kept/lost.repro.json",
        read(changed([](json& repro) { repro["plan"]["clients"][0]["workload"] = "scribe"; })));

  EXPECT_EQ(call({"replay", "kept", "--junit", "j.xml"}).status, 1);

  const std::string xml = read("j.xml");
  for (const char* const part : {"<testsuites tests=\"2\" failures=\"1\" errors=\"1\"",
                                 "<testsuite name=\"lossy\" tests=\"2\"",
                                 "<testcase name=\"kept/good.repro.json\" classname=\"lossy\"",
                                 "type=\"TOY-1/lost\"", "type=\"stale\""}) {
    EXPECT_NE(xml.find(part), std::string::npos) << part << '\n' << xml;
  }
  EXPECT_EQ(call({"replay", "kept", "--junit", "none/j.xml"}).status, 2);
}

TEST_F(ReplayVerb, says_its_verdict_also_where_its_junit_cannot_be_written) {
  const Call seen = call({"replay", lost_, "--json", "--junit", "/dev/full"});

  EXPECT_EQ(seen.status, 3);
  EXPECT_EQ(json::parse(seen.out)["replay"]["verdict"], "reproduced");
  EXPECT_NE(seen.err.find("/dev/full: No space left"), std::string::npos) << seen.err;
}

TEST_F(ReplayVerb, takes_a_token_as_it_takes_a_file) {
  const std::string token = token_of(read(lost_));

  const Call seen = call({"replay", token});
  const json object = json::parse(call({"replay", token, "--json"}).out);

  EXPECT_EQ(seen.status, 1) << seen.err;
  EXPECT_TRUE(seen.out.ends_with("REPRODUCED  TOY-1/lost   " + token.substr(0, 16) + "...\n"))
      << seen.out;
  EXPECT_EQ(object["replay"]["same_execution"], true);
  EXPECT_EQ(object["command"], "millrace replay " + token);
  EXPECT_EQ(call({"plan", token}).out, call({"plan", lost_}).out);
}

TEST_F(ReplayVerb, says_of_a_token_that_it_has_no_trail) {
  const Call seen = call_edited({"replay", token_of(read(lost_))});

  EXPECT_EQ(seen.status, 1);
  EXPECT_NE(seen.out.find("A token has no trail"), std::string::npos) << seen.out;
  EXPECT_EQ(seen.out.find("first difference"), std::string::npos) << seen.out;
}

TEST_F(ReplayVerb, refuses_a_token_that_is_none) {
  write("millrace.toml", "");  // A project, for keep.
  const std::string token = token_of(read(lost_));
  const auto refused = [&](const std::string& wrong, std::string_view why) {
    for (const char* const verb : {"replay", "keep", "plan"}) {
      const Call seen = call({verb, wrong});
      EXPECT_EQ(seen.status, 2) << verb;
      EXPECT_EQ(std::ranges::count(seen.err, '\n'), 1) << seen.err;
      EXPECT_NE(seen.err.find(why), std::string::npos) << seen.err;
    }
    EXPECT_EQ(call({"run", "--plan", wrong}).status, 2);
  };

  refused(token.substr(0, token.size() / 2), "cut short");
  refused("mr2" + token.substr(3), "version 2 of tokens is not known");
  refused("mr1.KLUv_SB!", "characters that no token has");
  refused("mr1.KLUv_SBa", "cut short");
}

TEST_F(ReplayVerb, refuses_what_is_no_repro) {
  write("cut.repro.json", read(lost_).substr(0, 200));
  write("empty.repro.json", "");
  const std::string later = changed([](json& repro) { repro["schema"] = 3; });
  const std::string unknown = [&] {
    json repro = json::parse(read(lost_));
    repro["plan"]["machines"][0]["disk"] = "round";
    write("unknown.repro.json", repro.dump());
    return "unknown.repro.json";
  }();

  EXPECT_EQ(call({"replay"}).status, 2);
  EXPECT_EQ(call({"replay", "none.repro.json"}).status, 2);
  EXPECT_EQ(call({"replay", "cut.repro.json"}).status, 2);
  EXPECT_EQ(call({"replay", "empty.repro.json"}).status, 2);
  EXPECT_EQ(call({"replay", later}).status, 2);
  const Call seen = call({"replay", unknown});
  EXPECT_EQ(seen.status, 2);
  EXPECT_NE(seen.err.find("unknown.repro.json"), std::string::npos) << seen.err;
  EXPECT_EQ(call({"replay", "mr1.KLUv_SBa"}).status, 2);
}

}  // namespace
}  // namespace millrace::command
