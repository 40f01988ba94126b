#include "report/name_table.h"

#include <algorithm>
#include <utility>

#include "pyframe/line_table.h"

namespace pymemflow::report {
namespace {

constexpr std::uint64_t kFormats =
    static_cast<std::uint64_t>(pyframe::LineTableFormat::Locations) + 1;

}  // namespace

void NameTable::add_text(std::uint32_t text, std::string_view piece) {
  texts_[text] += piece;
}

void NameTable::add_code(std::uint32_t code, std::uint32_t filename, std::uint32_t name,
                         std::uint32_t line_table, std::int32_t first_line, std::uint64_t format) {
  Code* const entry = slot(codes_, code);
  if (entry == nullptr || format >= kFormats) {
    ++damaged_;
    return;
  }
  entry->is_known = true;
  entry->format = static_cast<std::uint8_t>(format);
  entry->first_line = first_line;
  entry->filename = keep(take_text(filename));
  entry->name = keep(take_text(name));
  entry->line_table = take_text(line_table);
}

void NameTable::add_site(interpose::SiteId site, std::uint32_t code, std::int32_t instruction) {
  SiteSlot* const entry = slot(sites_, site);
  if (entry == nullptr || code >= codes_.size() || !codes_[code].is_known) {
    ++damaged_;
    return;
  }
  const Code& place = codes_[code];
  const auto* const table = reinterpret_cast<const std::uint8_t*>(place.line_table.data());
  entry->is_known = true;
  entry->site.has_frame = true;
  entry->site.file = place.filename;
  entry->site.function = place.name;
  entry->site.line =
      pyframe::line_of(static_cast<pyframe::LineTableFormat>(place.format),
                       {table, place.line_table.size()}, place.first_line, instruction);
}

void NameTable::add_caller(interpose::SiteId site, std::uint64_t address) {
  SiteSlot* const entry = slot(sites_, site);
  if (entry == nullptr) {
    ++damaged_;
    return;
  }
  entry->is_known = true;
  entry->site = {};
  entry->site.address = address;
}

void NameTable::add_module(std::uint32_t path, std::uint64_t start, std::uint64_t end,
                           std::uint64_t offset) {
  modules_.push_back({start, end, offset, keep(take_text(path))});
}

String NameTable::take_text(std::uint32_t text) {
  const auto found = texts_.find(text);
  if (found == texts_.end()) return {};  // an empty text has no pieces
  String taken = std::move(found->second);
  texts_.erase(found);
  return taken;
}

std::string_view NameTable::keep(const String& text) {
  return kept_.try_emplace(text, true).first->first;
}

template <typename Slot>
Slot* NameTable::slot(Vector<Slot>& slots, std::uint32_t number) {
  if (number > limit_) return nullptr;
  if (number >= slots.size()) slots.resize(std::max<std::size_t>(number + 1, slots.size() * 2));
  return &slots[number];
}

}  // namespace pymemflow::report
