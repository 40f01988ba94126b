#include "report/base/private_library.h"

#include <link.h>

#include <string_view>

#include "report/base/opened_library.h"
#include "report/base/role.h"

// libunwind's names are macros for names that contain the machine. The second macro expands them.
#define PMF_EXPANDED(name) PMF_QUOTED(name)
#define PMF_QUOTED(name) #name

namespace pymemflow::report {
namespace {

// Whether the program has loaded this library itself. Such a library is not used: its destructors
// have run by now, and the loader would run its constructors again.
bool is_loaded(const char* name) {
  const auto is_it = [](dl_phdr_info* library, std::size_t, void* wanted) {
    const std::string_view path = library->dlpi_name;
    return static_cast<int>(path.substr(path.rfind('/') + 1) == static_cast<const char*>(wanted));
  };
  return dl_iterate_phdr(is_it, const_cast<char*>(name)) != 0;
}

bool open_mimalloc(MimallocFunctions& functions) {
  if (is_in_host() || is_loaded(PMF_MIMALLOC_SONAME)) return false;
  return OpenedLibrary({PMF_MIMALLOC_SONAME})
      .bind(functions.malloc, "mi_malloc")
      .bind(functions.free, "mi_free")
      .is_complete();
}

bool open_unwind(UnwindFunctions& functions) {
  if (is_in_host()) return false;
  return OpenedLibrary({PMF_LIBUNWIND_SONAME})
      .bind(functions.init_local2, PMF_EXPANDED(unw_init_local2))
      .bind(functions.set_reg, PMF_EXPANDED(unw_set_reg))
      .bind(functions.get_proc_info, PMF_EXPANDED(unw_get_proc_info))
      .bind(functions.get_proc_name, PMF_EXPANDED(unw_get_proc_name))
      .is_complete();
}

bool open_elf(ElfFunctions& functions) {
  if (is_in_host()) return false;
  // libelf refuses to work before it is told which version of the format its caller knows.
  return OpenedLibrary({PMF_LIBELF_SONAME})
             .bind(functions.version, "elf_version")
             .bind(functions.begin, "elf_begin")
             .bind(functions.memory, "elf_memory")
             .bind(functions.end, "elf_end")
             .bind(functions.kind, "elf_kind")
             .bind(functions.getphdrnum, "elf_getphdrnum")
             .bind(functions.nextscn, "elf_nextscn")
             .bind(functions.getscn, "elf_getscn")
             .bind(functions.getdata, "elf_getdata")
             .bind(functions.getshdrstrndx, "elf_getshdrstrndx")
             .bind(functions.strptr, "elf_strptr")
             .bind(functions.getehdr, "gelf_getehdr")
             .bind(functions.getphdr, "gelf_getphdr")
             .bind(functions.getshdr, "gelf_getshdr")
             .bind(functions.getsym, "gelf_getsym")
             .is_complete() &&
         functions.version(EV_CURRENT) != EV_NONE;
}

bool open_lzma(LzmaFunctions& functions) {
  if (is_in_host()) return false;
  return OpenedLibrary({PMF_LZMA_SONAME})
      .bind(functions.decode, "lzma_stream_buffer_decode")
      .is_complete();
}

}  // namespace

const MimallocFunctions* mimalloc_functions() {
  static MimallocFunctions functions;
  static const bool is_here = open_mimalloc(functions);
  return is_here ? &functions : nullptr;
}

const UnwindFunctions* unwind_functions() {
  static UnwindFunctions functions;
  static const bool is_here = open_unwind(functions);
  return is_here ? &functions : nullptr;
}

const ElfFunctions* elf_functions() {
  static ElfFunctions functions;
  static const bool is_here = open_elf(functions);
  return is_here ? &functions : nullptr;
}

const LzmaFunctions* lzma_functions() {
  static LzmaFunctions functions;
  static const bool is_here = open_lzma(functions);
  return is_here ? &functions : nullptr;
}

}  // namespace pymemflow::report
