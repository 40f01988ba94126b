#pragma once
// The account of a process, from what its replay knows at the end. Report side, one thread.

#include "report/account/account.h"
#include "report/mappings/mapping_profile.h"
#include "report/reader/process_info.h"
#include "report/replay/exemptions.h"
#include "report/replay/ledger.h"
#include "report/stacks/stack_names.h"

namespace pymemflow::report {

// The record must have every event. `stacks` gets the nodes of the holders.
Account make_account(const ProcessInfo& process, const Ledger& ledger, Exemptions& exemptions,
                     const MappingProfileBuilder& mappings, StackNames& stacks);

}  // namespace pymemflow::report
