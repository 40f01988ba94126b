// The account for programs.

#include "report/account/account_output.h"
#include "report/stacks/frame_text.h"
#include "report/stacks/site_json.h"

namespace pymemflow::report {
namespace {

void write_holder(JsonText& json, std::string_view name, const AccountHolder& holder,
                  const CallTree& tree) {
  if (!has_frame(holder.node) || holder.bytes == 0) return;
  json.key(name).begin_object().field("bytes", holder.bytes);
  write_site_name(json, tree.frame(tree.line_of(holder.node)));
  write_stack(json, tree, holder.node);
  json.end_object();
}

void write_more(JsonText& json, AccountPart part, const Account& account, const CallTree& tree) {
  switch (part) {
    case AccountPart::blocks:
      json.field("leaked_bytes", account.leaked);
      write_holder(json, "holder", account.blocks_holder, tree);
      write_holder(json, "leaked_holder", account.leaked_holder, tree);
      break;
    case AccountPart::arenas:
      json.field("objects_bytes", account.objects);
      write_holder(json, "holder", account.arenas_holder, tree);
      break;
    case AccountPart::libraries:
      json.key("libraries").begin_array();
      for (const AccountLibrary& library : account.libraries) {
        json.begin_object().field("library", library.name).field("bytes", library.bytes);
        write_holder(json, "holder", library.holder, tree);
        json.end_object();
      }
      json.end_array();
      break;
    case AccountPart::pinned:
      json.field("blocks_bytes", account.pinning);
      write_holder(json, "holder", account.pinned_holder, tree);
      break;
    case AccountPart::files:
      json.field("mapped_bytes", account.mapped_files);
      write_holder(json, "holder", account.files_holder, tree);
      break;
    default:
      break;
  }
}

}  // namespace

void write_account(JsonText& json, const Account& account, const CallTree& tree) {
  json.key("account").begin_object().field("is_known", account.is_known);
  if (account.is_known) {
    json.field("resident_bytes", account.resident);
  } else {
    json.field("problem", account.problem);
  }
  if (account.peak != 0) json.field("peak_bytes", account.peak);
  json.key("parts").begin_array();
  for (std::size_t i = 0; i < kAccountPartCount; ++i) {
    const auto part = static_cast<AccountPart>(i);
    if (!account.is_known && account.bytes[i] == 0) continue;
    json.begin_object().field("part", kAccountParts[i].name).field("bytes", account.bytes[i]);
    json.field("is_estimate", kAccountParts[i].is_estimate);
    write_more(json, part, account, tree);
    json.end_object();
  }
  json.end_array().end_object();
}

}  // namespace pymemflow::report
