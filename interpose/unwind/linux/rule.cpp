#include "interpose/unwind/linux/rule.h"

#include "interpose/unwind/linux/machine.h"

namespace pymemflow::interpose {
namespace {

std::optional<std::uint32_t> pack_fp(const Rule& rule) {
  if (rule.fp == Place::Kept && !kIsPcInLink) return 0;
  if (rule.fp != Place::AtCfa || rule.fp_offset % kWord != 0) return std::nullopt;
  const std::int32_t words = -rule.fp_offset / kWord;
  if (words >= 1 && words <= 30) return static_cast<std::uint32_t>(words);
  if (words > 30 && -rule.fp_offset == rule.cfa_offset) return kShortFp;
  return std::nullopt;
}

}  // namespace

std::optional<std::uint32_t> pack(const Rule& rule) {
  if ((rule.kind & ~Rule::kCfaFromFp) != Rule::kValid || rule.pc != Place::AtCfa) {
    return std::nullopt;
  }
  const std::int32_t pc_offset = kIsPcInLink ? rule.fp_offset + kWord : -kWord;
  if (rule.pc_offset != pc_offset || pc_offset >= 0) return std::nullopt;
  if (rule.cfa_offset < kWord || rule.cfa_offset > 255 * kWord || rule.cfa_offset % kWord != 0) {
    return std::nullopt;
  }
  const std::optional<std::uint32_t> fp = pack_fp(rule);
  if (!fp) return std::nullopt;
  const std::uint32_t base = (rule.kind & Rule::kCfaFromFp) != 0 ? kShortFromFp : 0;
  return base | static_cast<std::uint32_t>(rule.cfa_offset / kWord) << 5 | *fp;
}

}  // namespace pymemflow::interpose
