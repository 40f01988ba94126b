#include "report/deflate/deflate.h"

#include "report/base/opened_library.h"
#include "report/base/role.h"

#if __has_include(<zlib.h>)
#  include <zlib.h>
#endif

namespace pymemflow::report {
namespace {

// Published numbers of zlib.h.
constexpr int kDeflated = 8;
constexpr int kWindowBits = 15;
constexpr int kGzip = 16;  // is added to the bits of the window
constexpr int kMemoryLevel = 9;
constexpr int kDefaultStrategy = 0;
constexpr int kNoFlush = 0;
constexpr int kFinish = 4;
constexpr int kLevel = 6;
// The first digit alone is compared.
constexpr const char* kVersion = "1.2.11";

#ifdef Z_DEFLATED
static_assert(kDeflated == Z_DEFLATED && kWindowBits == MAX_WBITS && kMemoryLevel == MAX_MEM_LEVEL);
static_assert(kDefaultStrategy == Z_DEFAULT_STRATEGY && kNoFlush == Z_NO_FLUSH);
static_assert(kFinish == Z_FINISH);
#endif

}  // namespace

bool Deflate::open(Functions& functions) {
  if (is_in_host()) return false;
#ifdef Z_DEFLATED
  static_assert(sizeof(Stream) == sizeof(z_stream));
#endif
  return OpenedLibrary({PMF_ZLIB_NAMES})
      .bind(functions.begin, "deflateInit2_")
      .bind(functions.deflate, "deflate")
      .bind(functions.end, "deflateEnd")
      .is_complete();
}

const Deflate::Functions* Deflate::functions() {
  static Functions functions;
  static const bool is_here = open(functions);
  return is_here ? &functions : nullptr;
}

Deflate::Deflate(Wrapping wrapping, String& to) : to_(to) {
  if (functions() == nullptr) return;
  const int bits = kWindowBits + (wrapping == Wrapping::Gzip ? kGzip : 0);
  is_ready_ = functions()->begin(&stream_, kLevel, kDeflated, bits, kMemoryLevel, kDefaultStrategy,
                                 kVersion, int{sizeof stream_}) == 0;
}

Deflate::~Deflate() {
  if (is_ready_) functions()->end(&stream_);
}

void Deflate::run(std::string_view bytes, bool is_last) {
  constexpr std::size_t kPiece = std::size_t{1} << 16;
  unsigned char piece[kPiece];
  do {
    const std::string_view part = bytes.substr(0, kPiece);
    bytes.remove_prefix(part.size());
    stream_.next_in = reinterpret_cast<const unsigned char*>(part.data());
    stream_.available_in = static_cast<unsigned>(part.size());
    do {
      stream_.next_out = piece;
      stream_.available_out = kPiece;
      functions()->deflate(&stream_, is_last && bytes.empty() ? kFinish : kNoFlush);
      to_.append(reinterpret_cast<const char*>(piece), kPiece - stream_.available_out);
    } while (stream_.available_out == 0);
  } while (!bytes.empty());
}

}  // namespace pymemflow::report
