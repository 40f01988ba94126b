#include "report/names/name_table.h"

#include <algorithm>
#include <utility>

#include "pyframe/line_table.h"
#include "report/base/names.h"

namespace pymemflow::report {
namespace {

constexpr std::uint64_t kFormats =
    static_cast<std::uint64_t>(pyframe::LineTableFormat::Locations) + 1;

}  // namespace

void NameTable::add_text(std::uint32_t text, std::string_view piece, std::uint32_t place,
                         bool is_last) {
  Text& entry = texts_[text];
  if (entry.is_whole || place != entry.pieces) {
    ++damaged_;
    return;
  }
  entry.bytes += piece;
  ++entry.pieces;
  entry.is_whole = is_last;
}

void NameTable::add_code(std::uint32_t code, std::uint32_t filename, std::uint32_t name,
                         std::uint32_t line_table, std::int32_t first_line, std::uint64_t format) {
  Code* const entry = codes_.put(code, limit_);
  String texts[3];
  const bool has_texts =
      take_text(filename, texts[0]) && take_text(name, texts[1]) && take_text(line_table, texts[2]);
  if (entry == nullptr || format >= kFormats || !has_texts) {
    ++damaged_;
    return;
  }
  entry->is_known = true;
  entry->format = static_cast<std::uint8_t>(format);
  entry->first_line = first_line;
  entry->filename = keep(cut_path(texts[0]));
  entry->name = keep(cut_name(texts[1]));
  entry->line_table = std::move(texts[2]);
}

bool NameTable::add_site(SiteId site, std::uint32_t code, std::int32_t instruction) {
  const Code* const place = codes_.find(code);
  if (place == nullptr || !place->is_known) return false;
  SiteSlot* const entry = sites_.put(site, limit_);
  if (entry == nullptr) return false;
  const auto* const table = reinterpret_cast<const std::uint8_t*>(place->line_table.data());
  entry->is_known = true;
  entry->site.has_frame = true;
  entry->site.file = place->filename;
  entry->site.function = place->name;
  entry->site.line =
      pyframe::line_of(static_cast<pyframe::LineTableFormat>(place->format),
                       {table, place->line_table.size()}, place->first_line, instruction);
  return true;
}

bool NameTable::add_caller(SiteId site, std::uint64_t address, std::uint32_t module) {
  const auto found = module_numbers_.find(module);
  if (module != 0 && found == module_numbers_.end()) return false;
  SiteSlot* const entry = sites_.put(site, limit_);
  if (entry == nullptr) return false;
  entry->is_known = true;
  entry->site = {};
  entry->site.address = address;
  if (module != 0) entry->site.module = found->second;
  callers_.push_back(site);
  return true;
}

SiteId NameTable::line_of(StackId stack) const {
  const StackNode* const top = stacks_.find(stack);
  for (const StackNode* node = top; node != nullptr; node = stacks_.find(node->parent)) {
    const Site* const site = find(node->site);
    if (site != nullptr && site->has_frame) return node->site;
  }
  return top != nullptr ? top->site : kNoSite;
}

void NameTable::add_module(std::uint32_t path, std::uint64_t start, std::uint64_t end,
                           std::uint64_t offset, std::string_view build_id) {
  String text;
  if (!take_text(path, text)) {
    ++damaged_;
    return;
  }
  modules_.push_back({start, end, offset, keep(cut_path(text)), keep(String(build_id))});
  module_numbers_[path] = static_cast<std::uint32_t>(modules_.size());
}

bool NameTable::take_text(std::uint32_t text, String& bytes) {
  const auto found = texts_.find(text);
  if (found == texts_.end()) return false;
  const bool is_whole = found->second.is_whole;
  bytes = std::move(found->second.bytes);
  texts_.erase(found);
  return is_whole;
}

std::string_view NameTable::keep(const String& text) {
  return kept_.try_emplace(text, true).first->first;
}

}  // namespace pymemflow::report
