#include "report/replay/process_account.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "report/account/account_builder.h"

namespace pymemflow::report {
namespace {

AccountPart part_of(const MappingLedger::Row& row) {
  switch (row.owner.kind) {
    case MappingOwner::Kind::Arenas:
      return AccountPart::arenas;
    case MappingOwner::Kind::FrameStack:
      return AccountPart::frames;
    case MappingOwner::Kind::Library:
      break;
  }
  switch (row.use) {
    case MappedFor::Files:
      return AccountPart::files;
    case MappedFor::Stacks:
      return AccountPart::stacks;
    case MappedFor::Memory:
    case MappedFor::Reserved:
      break;
  }
  return AccountPart::libraries;
}

// Why the map of the process is not known.
String problem_of(const ProcessInfo& process) {
  if (process.map == nullptr || !process.map->is_there()) {
    return process.end == EndKind::None
               ? "the record does not reach the end of the process (it runs, "
                 "was killed, or forbids system calls), so its map was not read"
               : "its map is not in the record";
  }
  const int problem = process.map->problem();
  if (problem == ENOSYS) return "this system does not show the map of a process";
  String text = "the map of the process cannot be read (";
  text += std::strerror(problem);
  return text += ')';
}

// Takes the bytes that were asked for or mapped in place of the resident ones.
Account without_map(const ProcessInfo& process, const Ledger& ledger,
                    const MappingProfileBuilder& mappings) {
  Account account;
  account.problem = problem_of(process);
  if (process.map != nullptr) account.peak = process.map->peak_bytes();
  account.of(AccountPart::blocks) = ledger.total().live.bytes;
  mappings.ledger().for_each_range(
      [&](const MappedRange& range, const MappingLedger::Row& row, OriginId) {
        if (row.use != MappedFor::Reserved) account.of(part_of(row)) += range.bytes();
      });
  return account;
}

AccountHolder named(const AccountBuilder::Holder& holder, StackNames& stacks) {
  if (holder.bytes == 0) return {};
  return {stacks.node_of(holder.origin), holder.bytes};
}

}  // namespace

Account make_account(const ProcessInfo& process, const Ledger& ledger, Exemptions& exemptions,
                     const MappingProfileBuilder& mappings, StackNames& stacks) {
  if (process.map == nullptr || !process.map->is_known()) {
    return without_map(process, ledger, mappings);
  }
  AccountBuilder builder(*process.map, process.is_forked_child);
  Vector<MappingOwner> owners;
  mappings.ledger().for_each_range(
      [&](const MappedRange& range, const MappingLedger::Row& row, OriginId origin) {
        auto owner = std::find(owners.begin(), owners.end(), row.owner);
        if (owner == owners.end()) owner = owners.insert(owner, row.owner);
        builder.add_range({range.start, range.end, part_of(row),
                           static_cast<std::uint32_t>(owner - owners.begin()), origin});
      });
  builder.begin([&](auto visit) {
    ledger.blocks().for_each_address([&](std::uint64_t address, const LiveBlock& block) {
      if (block.bytes != 0 && block.bytes < AccountBuilder::kSmallestMapped) visit(address);
    });
  });
  ledger.blocks().for_each_address([&](std::uint64_t address, const LiveBlock& block) {
    builder.add_block(
        {address, block.bytes, block.origin, exemptions.of(block) == Exemption::None});
  });
  ledger.blocks().for_each_address([&](std::uint64_t address, const LiveBlock& block) {
    builder.add_pin({address, block.bytes, block.origin});
  });
  AccountBuilder::Result result = builder.finish();
  Account& account = result.account;
  account.leaked_holder = named(result.leaked, stacks);
  account.blocks_holder = named(result.blocks, stacks);
  account.arenas_holder = named(result.arenas, stacks);
  account.pinned_holder = named(result.pinned, stacks);
  account.files_holder = named(result.files, stacks);
  for (const AccountBuilder::Library& library : result.libraries) {
    account.libraries.push_back({mappings.library_of(owners[library.number]), library.bytes,
                                 named(library.holder, stacks)});
  }
  std::sort(account.libraries.begin(), account.libraries.end(),
            [](const AccountLibrary& a, const AccountLibrary& b) {
              return a.bytes != b.bytes ? a.bytes > b.bytes : a.name < b.name;
            });
  return std::move(result.account);
}

}  // namespace pymemflow::report
