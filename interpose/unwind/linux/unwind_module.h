#pragma once
// Finds the loaded file that holds an address, and its unwind data. May be called inside a hook:
// takes no lock and allocates nothing.

#include <cstdint>
#include <optional>

#include "interpose/unwind/linux/byte_reader.h"
#include "interpose/unwind/rules.h"

namespace pymemflow::interpose {

struct UnwindModule {
  Bytes search_table;  // .eh_frame_hdr
  Bytes segment;       // the mapped segment that holds it, and .eh_frame
};

// The module that holds `address`. It may lack a search table. None: no file is mapped there.
std::optional<UnwindModule> find_unwind_module(std::uintptr_t address);

// The module whose first byte is mapped at `image`. None: that is not a loaded ELF file.
std::optional<UnwindModule> read_unwind_module(std::uintptr_t image, std::uintptr_t address);

// Not inside a hook: it asks the loader.
void choose_module_source(ModuleSource source);

// The modules in this range are no longer mapped.
void forget_modules(CodeRange range);

}  // namespace pymemflow::interpose
