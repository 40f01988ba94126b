#pragma once
// Makes the name of the capture file of a process. Allocates nothing; any thread.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pymemflow::interpose {

struct CaptureName {
  static constexpr std::size_t kMaxBytes = 4096;

  // Whether the process id is appended: never, unless the pattern contains it, or always.
  enum class Suffix : std::uint8_t { Never, WithoutNumber, Always };

  // `pattern` with %p as the process id, %t as the time in nanoseconds and %% as a percent sign.
  // False: it is too long.
  bool make(std::string_view pattern, std::uint32_t process, Suffix suffix);
  // Appends ".2", say, to a name that was made with Suffix::Always and is taken: of an earlier
  // image of the process, or of an earlier process with its id.
  bool append(unsigned number);
  // False: the result is too long.
  bool append(std::string_view suffix);

  // Whether the pattern contains "%p", say: `code` is 'p' then.
  static bool contains(std::string_view pattern, char code);

  char text[kMaxBytes];  // ends with a zero; empty: the file has no name
};

}  // namespace pymemflow::interpose
