#pragma once
// The names of sites, codes and modules, and the stacks of sites, by the numbers that records have.
// Filled by definitions, of a capture or of a test. One thread.

#include <cstdint>
#include <string_view>

#include "capture/event.h"
#include "report/base/memory.h"
#include "report/names/numbered_slots.h"
#include "report/names/site.h"
#include "report/names/stack_table.h"

namespace pymemflow::report {

class NameTable {
 public:
  // The most numbers of a kind that an undamaged capture can have.
  void set_limit(std::uint64_t numbers) {
    limit_ = numbers;
    stacks_.set_limit(numbers);
  }

  // Definitions. The texts of a code or module must be complete, or the definition counts as
  // damaged.
  void add_text(std::uint32_t text, std::string_view piece, std::uint32_t place, bool is_last);
  void add_code(std::uint32_t code, std::uint32_t filename, std::uint32_t name,
                std::uint32_t line_table, std::int32_t first_line, std::uint64_t format);
  void add_module(std::uint32_t path, std::uint64_t start, std::uint64_t end, std::uint64_t offset,
                  std::string_view build_id);
  // False: the code or module has not been defined. `module` is the text of its path; 0: none.
  bool add_site(SiteId site, std::uint32_t code, std::int32_t instruction);
  bool add_caller(SiteId site, std::uint64_t address, std::uint32_t module);
  // False: the definition is damaged.
  bool add_stack(StackId stack, const StackNode& node) { return stacks_.add(stack, node); }

  // Null: the site was not defined.
  const Site* find(SiteId site) const {
    const SiteSlot* const slot = sites_.find(site);
    return slot != nullptr && slot->is_known ? &slot->site : nullptr;
  }
  // The site of the uppermost Python frame of a stack; where it has none, of its uppermost frame.
  // kNoSite: the stack is not known.
  SiteId line_of(StackId stack) const;
  const Vector<Module>& modules() const { return modules_; }
  // The sites that are callers, in the order of their definitions.
  const Vector<SiteId>& callers() const { return callers_; }
  const StackTable& stacks() const { return stacks_; }
  std::uint64_t damaged() const { return damaged_ + stacks_.damaged(); }

 private:
  struct Code {
    bool is_known = false;
    std::uint8_t format = 0;
    std::int32_t first_line = 0;
    std::string_view filename;
    std::string_view name;
    String line_table;
  };
  struct SiteSlot {
    bool is_known = false;
    Site site;
  };

  struct Text {
    String bytes;
    std::uint32_t pieces = 0;
    bool is_whole = false;
  };

  // Moves a text out of the table: each is used once. False: it is missing or incomplete.
  bool take_text(std::uint32_t text, String& bytes);
  // A copy that lives as long as the table; equal texts share one.
  std::string_view keep(const String& text);
  std::uint64_t limit_ = 0;
  HashMap<std::uint32_t, Text> texts_;
  HashMap<String, bool, StringHash> kept_;
  NumberedSlots<Code> codes_;
  NumberedSlots<SiteSlot> sites_;
  StackTable stacks_;
  Vector<Module> modules_;
  Vector<SiteId> callers_;
  HashMap<std::uint32_t, std::uint32_t> module_numbers_;  // by the text of the path
  std::uint64_t damaged_ = 0;
};

}  // namespace pymemflow::report
