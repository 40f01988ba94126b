// The doctor on macOS. dyld inserts the library and binds the calls of all images to it.

#include "cli/platform/doctor.h"

namespace pymemflow::cli::platform {
// setenv() keeps `pymemflow-00=TEXT` and the zero at its end; os.putenv() calls it from 3.9 on.
const char* const kQuestions = R"(
PRELOAD = 'DYLD_INSERT_LIBRARIES'
KEPT_SIZE = len('pymemflow-00') + 2
keep = os.putenv if sys.version_info >= (3, 9) else None
def program():
    try:
        import ctypes
        text = ctypes.create_string_buffer(4096)
        size = ctypes.CDLL(None).proc_pidpath(os.getpid(), text, len(text))
        return os.fsdecode(text.raw[:max(size, 0)]) or sys.executable
    except Exception:
        return sys.executable
def is_secure():
    return os.getuid() != os.geteuid() or os.getgid() != os.getegid()
)";

Finding judge_loader(const std::string& loader) {
  if (!loader.empty()) return {Verdict::Fine, loader};
  return {Verdict::Nothing, "it names no loader, so no library can be inserted",
          "Use a Python that is built for macOS."};
}

// The files exclude the system's own. An image is bound to the malloc() of one library by name, so
// calls of another malloc() than the system's are not redirected.
Finding judge_allocators(const std::vector<std::string>& files, bool) {
  if (files.empty()) {
    return {Verdict::Fine, "the library is inserted, in front of the system's malloc()"};
  }
  std::string names;
  for (const std::string& file : files) names += (names.empty() ? "" : ", ") + file;
  return {Verdict::Note, "the library is inserted, but " + names +
                             " has its own malloc(), whose calls are not seen"};
}

// A fork handler, and a call of the kernel that every process has.
Finding judge_forks() {
  return {};
}
Finding judge_memory_reads() {
  return {};
}

Finding judge_symbols() {
  return {Verdict::Fine, "C functions are named by the system and by their files"};
}

}  // namespace pymemflow::cli::platform
