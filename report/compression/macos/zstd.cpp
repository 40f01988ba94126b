#include "report/compression/zstd.h"

#include <dlfcn.h>

namespace pymemflow::report {
namespace {

// macOS has no libzstd of its own: it is there if Homebrew has installed it.
constexpr const char* kLibraries[] = {"libzstd.1.dylib", "/opt/homebrew/lib/libzstd.1.dylib",
                                      "/usr/local/lib/libzstd.1.dylib"};

template <class Function>
bool bind(void* library, Function& function, const char* name) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  return function != nullptr;
}

bool open(ZstdFunctions& functions) {
  void* library = nullptr;
  for (const char* const name : kLibraries) {
    if (library == nullptr) library = ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
  }
  return library != nullptr && bind(library, functions.bound, "ZSTD_compressBound") &&
         bind(library, functions.compress, "ZSTD_compress") &&
         bind(library, functions.decompress, "ZSTD_decompress") &&
         bind(library, functions.is_error, "ZSTD_isError");
}

}  // namespace

const ZstdFunctions* zstd_functions() {
  static ZstdFunctions functions;
  static const bool is_here = open(functions);
  return is_here ? &functions : nullptr;
}

}  // namespace pymemflow::report
