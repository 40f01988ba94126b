#pragma once
// The account in the outputs that have it. Report side, one thread.

#include "report/account/account.h"
#include "report/base/json_text.h"
#include "report/base/names.h"

namespace pymemflow::report {

// The head of a summary: the resident memory, a line for each part that has some, and an empty
// line. The parts are indented by two blanks; lines that say more about a part by more.
String account_text(const Account& account, const CallTree& tree, const Names& names);

// Adds the field "account" to the open object; docs/reports.md has its schema.
void write_account(JsonText& json, const Account& account, const CallTree& tree);

}  // namespace pymemflow::report
