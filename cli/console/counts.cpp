#include "cli/console/counts.h"

namespace pymemflow::cli {

std::string counted(std::uint64_t count, const char* what) {
  std::string text = std::to_string(count) + " " + what;
  if (count == 1) return text;
  return text + (text.ends_with("s") ? "es" : "s");
}

std::string counted(const report::Amount& amount) {
  return counted(amount.bytes, "byte") + " in " + counted(amount.blocks, "block");
}

}  // namespace pymemflow::cli
