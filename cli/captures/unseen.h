#pragma once
// The parts of a run that could not be seen (unseen.def is the table). Pure.

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <vector>

namespace pymemflow::cli {

enum class UnseenKind : std::uint8_t {
#define PMF_UNSEEN(kind, effect, sentence) kind,
#include "cli/captures/unseen.def"
#undef PMF_UNSEEN
};

// The effect on a verdict.
enum class UnseenEffect : std::uint8_t {
  Blocks,  // there is none
  Said,
};

struct UnseenRow {
  const char* name;
  UnseenEffect effect;
  const char* sentence;
};
inline constexpr UnseenRow kUnseenRows[] = {
#define PMF_UNSEEN(kind, effect, sentence) {#kind, UnseenEffect::effect, sentence},
#include "cli/captures/unseen.def"
#undef PMF_UNSEEN
};

struct UnseenPart {
  UnseenKind kind;
  std::uint32_t process = 0;      // process id; 0: unknown
  std::string command_line = {};  // quoted for a shell
  std::string reason = {};        // may be empty
  std::size_t others = 0;         // further processes of which the same is true

  const UnseenRow& row() const { return kUnseenRows[static_cast<std::size_t>(kind)]; }
  bool blocks() const { return row().effect == UnseenEffect::Blocks; }
};

// Joins processes that differ in their ids alone.
std::vector<UnseenPart> joined(std::vector<UnseenPart> parts);

}  // namespace pymemflow::cli
