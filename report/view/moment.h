#pragma once
// Moments of a record as users name them: a mark, a time, the start, the peak, the end. Pure.
// Report side, any thread.
//
//   NAME      the last mark of that name
//   NAME:3    the third one, unless a mark has this very name
//   12.5s     a time since the start of the recording; also 250ms
//   start, peak, end
//
// A section of pymemflow.trace("load") has the marks "load begin" and "load end". Where no mark is
// named "load", --from takes its beginning, and --to and --at its end. A mark whose name is taken
// for something else, such as "end", is written with its number: end:1.

#include <cstdint>
#include <string_view>

#include "report/base/memory.h"

namespace pymemflow::report {

enum class MomentKind : std::uint8_t { Mark, Time, Start, Peak, End };

// Which mark of a section a name without a mark stands for.
enum class SectionSide : bool { Begin, End };

// A mark that a text may stand for.
struct MarkAsked {
  String name;
  std::uint64_t number = 0;  // from 1 on; 0: the last one
};

struct MomentAsked {
  MomentKind kind = MomentKind::End;
  std::string_view option;     // "--at"
  std::string_view text;       // as it was given
  std::uint64_t after_ns = 0;  // of a Time, since the start
  Vector<MarkAsked> marks;     // of a Mark, the preferred ones first
};

MomentAsked parse_moment(std::string_view option, std::string_view text, SectionSide side);

// A moment that was found in a record. The state of memory between two events.
struct Moment {
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};

  String words = "the end";           // for people
  std::uint64_t position = kNever;    // events of all kinds before it; kNever: all of them
  std::uint64_t event = 0;            // calls before it
  std::uint64_t after_ns = 0;         // since the start; the moment was then or later
  std::uint64_t next_reading_ns = 0;  // of a Time: of the clock, at that time or later; 0: none
  // True: the state is that at the end of the record.
  bool is_end() const { return position == kNever; }
};

// "12.345 s".
String seconds_text(std::uint64_t ns);

}  // namespace pymemflow::report
