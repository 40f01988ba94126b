#pragma once
// Compression by deflate, as gzip and browsers read it. libz is opened when it is needed, and never
// linked (report/base/private_library.h says why). Report side, one thread.

#include <cstdint>
#include <string_view>

#include "report/base/memory.h"

namespace pymemflow::report {

// The head and the checksum around the compressed bytes: those of a .gz file, or of RFC 1950.
enum class Wrapping : std::uint8_t { Gzip, Zlib };

class Deflate {
 public:
  // The result is appended to `to`, which the caller may empty meanwhile.
  Deflate(Wrapping wrapping, String& to);
  ~Deflate();
  Deflate(const Deflate&) = delete;
  Deflate& operator=(const Deflate&) = delete;

  // False: libz is not there, and nothing may be added.
  bool is_ready() const { return is_ready_; }
  void add(std::string_view bytes) { run(bytes, false); }
  // After the last bytes. Once.
  void finish() { run({}, true); }

 private:
  // z_stream of zlib.h, which has been the same since version 1.0.
  struct Stream {
    const unsigned char* next_in = nullptr;
    unsigned available_in = 0;
    unsigned long total_in = 0;
    unsigned char* next_out = nullptr;
    unsigned available_out = 0;
    unsigned long total_out = 0;
    const char* message = nullptr;
    void* state = nullptr;
    void* (*allocate)(void*, unsigned, unsigned) = nullptr;
    void (*release)(void*, void*) = nullptr;
    void* opaque = nullptr;
    int data_type = 0;
    unsigned long checksum = 0;
    unsigned long reserved = 0;
  };
  struct Functions {
    int (*begin)(Stream*, int level, int method, int window_bits, int memory_level, int strategy,
                 const char* version, int stream_size);
    int (*deflate)(Stream*, int flush);
    int (*end)(Stream*);
  };
  static const Functions* functions();
  static bool open(Functions& functions);

  void run(std::string_view bytes, bool is_last);

  Stream stream_;
  String& to_;
  bool is_ready_ = false;
};

}  // namespace pymemflow::report
