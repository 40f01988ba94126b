// The doctor on Linux. The loader of glibc binds calls to the first malloc() that it finds.

#include "cli/platform/doctor.h"

#include "cli/platform/platform.h"
#include "platform/memory.h"
#include "report/base/private_library.h"
#include "report/symbols/gaps.h"
#include "report/symbols/linux/dwarf_library.h"

namespace pymemflow::cli::platform {
namespace {

std::string base_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

}  // namespace

// 23 is AT_SECURE. bindtextdomain() copies the name of a folder and the zero byte at its end.
const char* const kQuestions = R"(
PRELOAD = 'LD_PRELOAD'
KEPT_SIZE = 1
try:
    from _locale import bindtextdomain as keep
except ImportError:
    keep = None
def program():
    return os.readlink('/proc/self/exe')
def is_secure():
    try:
        with open('/proc/self/auxv', 'rb') as file:
            words = memoryview(file.read()).cast('L')
        return dict(zip(words[::2], words[1::2])).get(23, 0)
    except OSError:
        return os.getuid() != os.geteuid() or os.getgid() != os.getegid()
)";

Finding judge_loader(const std::string& loader) {
  if (loader.empty()) {
    return {Verdict::Nothing, "it is statically linked, so no library can be preloaded",
            "Use a Python that is dynamically linked."};
  }
  if (base_name(loader).starts_with("ld-musl-")) {
    return {Verdict::Nothing,
            loader + ": its C library is musl, and this pymemflow is built for glibc",
            "Use a Python for glibc, or build pymemflow where this Python runs, and use that build "
            "there."};
  }
  return {Verdict::Fine, loader};
}

Finding judge_allocators(const std::vector<std::string>& files, bool all_seen) {
  if (files.empty()) return {Verdict::Note, "it is not known which library provides malloc()"};
  const bool is_first = base_name(files.front()).starts_with(kLibraryName);
  if (!is_first && all_seen) {
    return {Verdict::Note,
            "malloc() of " + files.front() + " comes first, and calls that of the library"};
  }
  if (!is_first) {
    return {Verdict::Nothing, files.front() + " defines malloc() and comes before the library",
            "Remove it from the program, or preload it after the library, in LD_PRELOAD."};
  }
  if (files.size() == 1)
    return {Verdict::Note, "the library comes first, and no other malloc() follows"};
  const bool is_libc = base_name(files[1]).starts_with("libc.so");
  return {is_libc ? Verdict::Fine : Verdict::Note,
          "the library comes first, then malloc() of " + files[1] +
              (is_libc ? "" : ", which is traced like the C library's")};
}

Finding judge_forks() {
  if (pymemflow::platform::has_zero_in_child()) {
    return {Verdict::Fine, "the kernel tells a forked child from its parent (MADV_WIPEONFORK)"};
  }
  return {Verdict::Note,
          "the kernel has no MADV_WIPEONFORK, so a fork handler tells a child from its parent; a "
          "child of a raw clone() is not told from it"};
}

Finding judge_memory_reads() {
  using pymemflow::platform::CopyMethod;
  switch (pymemflow::platform::copy_method()) {
    case CopyMethod::Fast:
      break;
    case CopyMethod::Slow:
      return {
          Verdict::Note,
          "process_vm_readv() is refused; /proc/self/mem is read instead, which takes longer in "
          "programs that use greenlet on CPython 3.11 or 3.12"};
    case CopyMethod::None:
      return {Verdict::Note,
              "process_vm_readv() and /proc/self/mem are refused; with greenlet on CPython 3.11 or "
              "3.12, events have no Python line",
              "Allow process_vm_readv() in the seccomp profile of the container, or mount /proc."};
  }
  return {Verdict::Fine, "memory that may be unmapped can be read (process_vm_readv)"};
}

Finding judge_symbols() {
  report::SymbolGaps gaps;
  if (report::elf_functions() == nullptr) gaps.note(report::SymbolGap::NoNames);
  if (report::lzma_functions() == nullptr) gaps.note(report::SymbolGap::NoMiniDebugData);
  if (report::dwarf_functions() == nullptr) gaps.note(report::SymbolGap::NoLines);
  if (gaps.is_empty()) {
    return {Verdict::Fine,
            "C functions have names in reports, and lines where there is debug information"};
  }
  std::string text;
  for (const report::String& line : gaps.lines()) {
    if (!text.empty()) text += "; ";
    text += line;
  }
  return {Verdict::Note, text,
          "Install it: reports are made without it, of captures that were recorded before too."};
}

}  // namespace pymemflow::cli::platform
