#pragma once

// Records as runs and campaigns leave them, written by hand: the reports are pure functions of
// these.

#include "reports/campaign_summary.h"
#include "reports/failure_screen.h"
#include "sim/run/campaign.h"
#include "sim/run/run_record.h"

namespace millrace::reports::testing {

/// An acknowledged event is lost: a power loss came between acknowledgement and sync.
run::RunRecord lost_event();
FailureContext lost_event_context();

/// A CHECK of the store fails during recovery.
run::RunRecord failed_check();

/// The store crashes under a sanitizer: there is no trace, but there are frames.
run::RunRecord crash();

/// A lost event in a world whose names and payloads hold whatever harms a terminal.
run::RunRecord hostile();

/// A campaign with failures, a dead fault kind and marks that nobody reached.
run::CampaignSummary red_campaign();

/// A campaign in which everything held.
run::CampaignSummary green_campaign();

}  // namespace millrace::reports::testing
