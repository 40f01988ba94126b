#include "report/compression/zstd.h"

#include "report/base/opened_library.h"

#if __has_include(<zstd.h>)
#  include <zstd.h>

#  include <type_traits>
#endif

namespace pymemflow::report {
namespace {

// Published numbers of ZSTD_cParameter.
constexpr int kLevelParameter = 100;
constexpr int kChecksumParameter = 201;

// Higher levels take twice the time for a few percent.
constexpr int kLevel = 6;

#ifdef ZSTD_VERSION_NUMBER
static_assert(kLevelParameter == ZSTD_c_compressionLevel);
static_assert(kChecksumParameter == ZSTD_c_checksumFlag);
static_assert(std::is_same_v<decltype(ZstdFunctions::decompress), decltype(&ZSTD_decompress)>);
#endif

bool open(ZstdFunctions& functions) {
  const bool has_all = OpenedLibrary({PMF_ZSTD_NAMES})
                           .bind(functions.bound, "ZSTD_compressBound")
                           .bind(functions.create, "ZSTD_createCCtx")
                           .bind(functions.set, "ZSTD_CCtx_setParameter")
                           .bind(functions.compress, "ZSTD_compress2")
                           .bind(functions.decompress, "ZSTD_decompress")
                           .bind(functions.is_error, "ZSTD_isError")
                           .is_complete();
  if (!has_all) return false;
  functions.context = functions.create();
  // Each frame has a checksum of its content, so that a fault of the library itself is noticed too.
  return functions.context != nullptr &&
         functions.is_error(functions.set(functions.context, kLevelParameter, kLevel)) == 0 &&
         functions.is_error(functions.set(functions.context, kChecksumParameter, 1)) == 0;
}

}  // namespace

const ZstdFunctions* zstd_functions() {
  static ZstdFunctions functions;
  static const bool is_here = open(functions);
  return is_here ? &functions : nullptr;
}

}  // namespace pymemflow::report
