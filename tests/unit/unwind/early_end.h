#pragma once
// The reasons for which a walk may end before libunwind's does. docs/internals/unwinding.md lists
// them as gaps.

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "interpose/unwind/linux/frame_program.h"
#include "interpose/unwind/linux/machine.h"
#include "interpose/unwind/linux/unwind_module.h"

namespace pymemflow::interpose {

enum class EarlyEnd : std::uint8_t {
  NoData,        // code without unwind data
  CfaElsewhere,  // as in ld.so's _dl_runtime_resolve(), which keeps the CFA in rbx
  PcElsewhere,   // as at the end of libgcc's _Unwind_Resume(), which has the return address in rcx
  Unknown,
};

inline EarlyEnd early_end(std::uintptr_t pc) {
  const std::optional<UnwindModule> module = find_unwind_module(pc - 1);
  if (!module) return EarlyEnd::NoData;
  const std::optional<FrameEntry> entry =
      find_frame_entry(module->search_table, module->segment, pc - 1);
  if (!entry) return EarlyEnd::NoData;
  const std::optional<FrameRow> row = run_frame_program(*entry, pc - 1);
  if (!row) {
    constexpr std::array<unsigned char, 2> kPcIsInRegister = {0x09, kPcRegister};
    const bool is_elsewhere =
        std::search(entry->program.begin(), entry->program.end(), kPcIsInRegister.begin(),
                    kPcIsInRegister.end()) != entry->program.end();
    return is_elsewhere ? EarlyEnd::PcElsewhere : EarlyEnd::Unknown;
  }
  const bool is_elsewhere = !row->cfa.is_loaded && row->cfa.base < kPcRegister &&
                            row->cfa.base != kSpRegister && row->cfa.base != kFpRegister;
  return is_elsewhere ? EarlyEnd::CfaElsewhere : EarlyEnd::Unknown;
}

}  // namespace pymemflow::interpose
