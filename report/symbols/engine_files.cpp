#include "report/symbols/engine_files.h"

#include <algorithm>
#include <iterator>

#include "report/base/names.h"

namespace pymemflow::report {
namespace {

// The beginnings of the names of files whose code allocates for itself, for the life of the
// process.
constexpr std::string_view kEngineFiles[] = {
    "python", "libpython",
    // Linux
    "libc.so", "libc-", "ld-linux", "libpthread", "libdl.", "libm.so", "libstdc++",
    // macOS; a framework's library is named Python
    "Python", "dyld", "libdyld.", "libsystem_", "libc++", "libobjc.", "libdispatch.", "libxpc.",
    "CoreFoundation"};

}  // namespace

bool is_engine(std::string_view path) {
  const std::string_view name = base_name(path);
  return std::any_of(std::begin(kEngineFiles), std::end(kEngineFiles),
                     [&](std::string_view start) { return name.starts_with(start); });
}

}  // namespace pymemflow::report
