#include "report/symbols/symbol_table.h"

#include <algorithm>

namespace pymemflow::report {
namespace {

std::size_t leading_underscores(std::string_view name) {
  return std::min(name.find_first_not_of('_'), name.size());
}

}  // namespace

bool SymbolTable::find_address(std::uint64_t file_offset, std::uint64_t& address) const {
  const auto segment = std::find_if(segments_.begin(), segments_.end(), [&](const Segment& s) {
    return file_offset >= s.offset && file_offset - s.offset < s.size;
  });
  if (segment == segments_.end()) return false;
  address = file_offset - segment->offset + segment->address;
  return true;
}

std::string_view SymbolTable::find(std::uint64_t file_offset) {
  std::uint64_t address = 0;
  if (!find_address(file_offset, address)) return {};
  // A search through all of libpython's symbols takes 10 us, sorting them 2 ms.
  constexpr int kSearchesBeforeSorting = 100;
  if (searches_ < kSearchesBeforeSorting && ++searches_ == kSearchesBeforeSorting) sort();
  const Symbol* const found =
      searches_ < kSearchesBeforeSorting ? find_unsorted(address) : find_sorted(address);
  return found == nullptr ? std::string_view() : name_of(*found);
}

const SymbolTable::Symbol* SymbolTable::find_unsorted(std::uint64_t address) const {
  const Symbol* found = nullptr;
  for (const Symbol& symbol : symbols_) {
    const bool covers = symbol.start <= address && address < symbol.end;
    if (covers && (found == nullptr || comes_before(*found, symbol))) found = &symbol;
  }
  return found;
}

const SymbolTable::Symbol* SymbolTable::find_sorted(std::uint64_t address) const {
  auto symbol = std::upper_bound(symbols_.begin(), symbols_.end(), address,
                                 [](std::uint64_t a, const Symbol& s) { return a < s.start; });
  while (symbol != symbols_.begin()) {
    --symbol;
    if (symbol->reach <= address) break;
    if (address < symbol->end) return &*symbol;
  }
  return nullptr;
}

bool SymbolTable::comes_before(const Symbol& left, const Symbol& right) const {
  if (left.start != right.start) return left.start < right.start;
  return is_preferred(right, left);
}

// .symtab spells a versioned name memcpy@@GLIBC_2.14. Other names have no @.
std::string_view SymbolTable::name_of(const Symbol& symbol) const {
  const std::string_view name = names_.data() + symbol.name;
  return name.substr(0, name.find('@'));
}

bool SymbolTable::is_preferred(const Symbol& left, const Symbol& right) const {
  if (left.is_function != right.is_function) return left.is_function;
  if (left.is_global != right.is_global) return left.is_global;
  const std::string_view left_name = name_of(left);
  const std::string_view right_name = name_of(right);
  const std::size_t left_underscores = leading_underscores(left_name);
  const std::size_t right_underscores = leading_underscores(right_name);
  if (left_underscores != right_underscores) return left_underscores < right_underscores;
  if (left.end != right.end) return left.end < right.end;
  return left_name < right_name;
}

void SymbolTable::sort() {
  std::sort(symbols_.begin(), symbols_.end(),
            [this](const Symbol& left, const Symbol& right) { return comes_before(left, right); });
  std::uint64_t reach = 0;
  for (Symbol& symbol : symbols_) {
    reach = std::max(reach, symbol.end);
    symbol.reach = reach;
  }
}

}  // namespace pymemflow::report
