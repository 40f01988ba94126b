#include "report/compression/columns.h"

#include <bit>
#include <cstring>

namespace pymemflow::report {
namespace {

constexpr int kKindBits = 3;
constexpr int kAddressBits = 44;
constexpr int kSiteShift = kKindBits + kAddressBits;
constexpr Word kKindMask = (Word{1} << kKindBits) - 1;
constexpr Word kAddressMask = (Word{1} << kAddressBits) - 1;

bool is_call(Word word) {
  return word >> kSiteShift != 0;
}
Word address_of(Word word) {
  return word >> kKindBits & kAddressMask;
}

// Small for numbers near zero, of either sign.
std::uint64_t zigzag(std::uint64_t difference) {
  return difference << 1 ^ (~(difference >> 63) + 1);
}
std::uint64_t from_zigzag(std::uint64_t value) {
  return value >> 1 ^ (~(value & 1) + 1);
}

void append(Bytes& bytes, std::uint64_t value, std::size_t width) {
  const std::size_t end = bytes.size();
  bytes.resize(end + width);
  std::memcpy(&bytes[end], &value, width);  // little-endian, as the whole format
}

std::uint64_t element(const Bytes& bytes, std::size_t index, std::size_t width) {
  std::uint64_t value = 0;
  std::memcpy(&value, &bytes[index * width], width);
  return value;
}

// The latest call of each address.
class Latest {
 public:
  explicit Latest(std::size_t calls) : mask_(std::bit_ceil(2 * calls + 1) - 1), slots_(mask_ + 1) {}

  // The distance to the latest call of the address, which becomes the next one. 0: there was none.
  std::uint32_t next(Word address) {
    addresses_.push_back(address);
    const auto number = static_cast<std::uint32_t>(addresses_.size());
    std::size_t at = (address * 0x9e3779b97f4a7c15 >> 20) & mask_;
    while (slots_[at] != 0 && addresses_[slots_[at] - 1] != address) at = (at + 1) & mask_;
    const std::uint32_t before = slots_[at];
    slots_[at] = number;
    return before == 0 ? 0 : number - before;
  }

 private:
  std::size_t mask_;
  Vector<std::uint32_t> slots_;
  Vector<Word> addresses_;
};

}  // namespace

Columns split(std::span<const Word> words) {
  Columns columns;
  std::size_t calls = 0;
  Bytes& bits = columns.bytes[Columns::IsCall];
  bits.resize((words.size() + 7) / 8);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!is_call(words[i])) continue;
    bits[i / 8] = static_cast<std::uint8_t>(bits[i / 8] | 1U << i % 8);
    ++calls;
  }
  Latest latest(calls);
  Word before = 0;
  for (const Word word : words) {
    if (!is_call(word)) {
      append(columns.bytes[Columns::Others], word, 8);
      continue;
    }
    append(columns.bytes[Columns::Sites], word >> kSiteShift << kKindBits | (word & kKindMask), 3);
    const Word address = address_of(word);
    const std::uint32_t distance = latest.next(address);
    append(columns.bytes[Columns::Distances], distance, 4);
    if (distance != 0) continue;
    append(columns.bytes[Columns::Addresses], zigzag(address - before), 8);
    before = address;
  }
  return columns;
}

bool join(const Columns& columns, std::span<Word> words) {
  const Bytes& bits = columns.bytes[Columns::IsCall];
  if (bits.size() != (words.size() + 7) / 8) return false;
  std::size_t calls = 0;
  for (std::size_t i = 0; i < words.size(); ++i) calls += bits[i / 8] >> i % 8 & 1U;
  const Bytes& sites = columns.bytes[Columns::Sites];
  const Bytes& others = columns.bytes[Columns::Others];
  const Bytes& distances = columns.bytes[Columns::Distances];
  const Bytes& differences = columns.bytes[Columns::Addresses];
  if (sites.size() != calls * 3 || distances.size() != calls * 4) return false;
  if (others.size() != (words.size() - calls) * 8) return false;
  Vector<Word> addresses;
  addresses.reserve(calls);
  std::size_t others_used = 0, news = 0;
  Word before = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if ((bits[i / 8] >> i % 8 & 1U) == 0) {
      words[i] = element(others, others_used++, 8);
      continue;
    }
    const std::size_t call = addresses.size();
    const std::uint64_t distance = element(distances, call, 4);
    if (distance > call || (distance == 0 && differences.size() < (news + 1) * 8)) return false;
    if (distance == 0) before += from_zigzag(element(differences, news++, 8));
    const Word address = distance == 0 ? before & kAddressMask : addresses[call - distance];
    addresses.push_back(address);
    const Word site = element(sites, call, 3);
    words[i] = site >> kKindBits << kSiteShift | address << kKindBits | (site & kKindMask);
  }
  return differences.size() == news * 8;
}

Bytes to_planes(const Bytes& elements, std::size_t width) {
  const std::size_t count = elements.size() / width;
  Bytes planes(elements.size());
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t k = 0; k < width; ++k) planes[k * count + i] = elements[i * width + k];
  }
  return planes;
}

Bytes from_planes(const Bytes& planes, std::size_t width) {
  const std::size_t count = planes.size() / width;
  Bytes elements(planes.size());
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t k = 0; k < width; ++k) elements[i * width + k] = planes[k * count + i];
  }
  return elements;
}

}  // namespace pymemflow::report
