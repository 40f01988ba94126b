#pragma once
// Opens third-party shared libraries. Linking them would put them into the host's global lookup
// scope: mimalloc would serve the `operator new` of every extension, libunwind would take over its
// exceptions. So each is opened with RTLD_LOCAL at its first use and never closed. For the report
// side only: opening allocates and takes the loader's lock. Any thread.
//
// A null table means that the library, or one function of it, is not there; callers have a
// fallback. Only .cpp files of report/ and of cli/platform/ include this header: it needs the
// libraries' own headers.
//
// To add a function: a member here and its line in private_library.cpp.

#define UNW_LOCAL_ONLY
#include <gelf.h>
#include <libelf.h>
#include <libunwind.h>
#include <mimalloc.h>

#include <cstddef>
#include <cstdint>

namespace pymemflow::report {

struct MimallocFunctions {
  decltype(&mi_malloc) malloc;
  decltype(&mi_free) free;
};

struct UnwindFunctions {
  decltype(&unw_init_local2) init_local2;
  decltype(&unw_set_reg) set_reg;
  decltype(&unw_get_proc_info) get_proc_info;
  decltype(&unw_get_proc_name) get_proc_name;
};

struct ElfFunctions {
  decltype(&elf_version) version;
  decltype(&elf_begin) begin;
  decltype(&elf_memory) memory;
  decltype(&elf_end) end;
  decltype(&elf_kind) kind;
  decltype(&elf_getphdrnum) getphdrnum;
  decltype(&elf_nextscn) nextscn;
  decltype(&elf_getscn) getscn;
  decltype(&elf_getdata) getdata;
  decltype(&elf_getshdrstrndx) getshdrstrndx;
  decltype(&elf_strptr) strptr;
  decltype(&gelf_getehdr) getehdr;
  decltype(&gelf_getphdr) getphdr;
  decltype(&gelf_getshdr) getshdr;
  decltype(&gelf_getsym) getsym;
};

// liblzma, whose interface has been the same since version 5.0.
struct LzmaFunctions {
  int (*decode)(std::uint64_t* memory_limit, std::uint32_t flags, const void* allocator,
                const std::uint8_t* in, std::size_t* in_at, std::size_t in_size, std::uint8_t* out,
                std::size_t* out_at, std::size_t out_size);
};

const MimallocFunctions* mimalloc_functions();
const UnwindFunctions* unwind_functions();
const ElfFunctions* elf_functions();
const LzmaFunctions* lzma_functions();

}  // namespace pymemflow::report
