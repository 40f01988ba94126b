#include "report/symbols/linux/dwarf_library.h"

#include "report/base/opened_library.h"
#include "report/base/role.h"

namespace pymemflow::report {
namespace {

bool open_dwarf(DwarfFunctions& functions) {
  if (is_in_host()) return false;
  return OpenedLibrary({PMF_LIBDW_SONAME})
      .bind(functions.begin, "dwfl_begin")
      .bind(functions.end, "dwfl_end")
      .bind(functions.report_begin, "dwfl_report_begin")
      .bind(functions.report_elf, "dwfl_report_elf")
      .bind(functions.report_end, "dwfl_report_end")
      .bind(functions.find_debuginfo, "dwfl_standard_find_debuginfo")
      .bind(functions.module_getdwarf, "dwfl_module_getdwarf")
      .bind(functions.module_addrdie, "dwfl_module_addrdie")
      .bind(functions.get_units, "dwarf_get_units")
      .bind(functions.cu_info, "dwarf_cu_info")
      .bind(functions.ranges, "dwarf_ranges")
      .bind(functions.haspc, "dwarf_haspc")
      .bind(functions.getsrc_die, "dwarf_getsrc_die")
      .bind(functions.lineno, "dwarf_lineno")
      .bind(functions.linesrc, "dwarf_linesrc")
      .bind(functions.getsrcfiles, "dwarf_getsrcfiles")
      .bind(functions.filesrc, "dwarf_filesrc")
      .bind(functions.child, "dwarf_child")
      .bind(functions.siblingof, "dwarf_siblingof")
      .bind(functions.tag, "dwarf_tag")
      .bind(functions.diename, "dwarf_diename")
      .bind(functions.attr, "dwarf_attr")
      .bind(functions.attr_integrate, "dwarf_attr_integrate")
      .bind(functions.formstring, "dwarf_formstring")
      .bind(functions.formudata, "dwarf_formudata")
      .is_complete();
}

}  // namespace

const DwarfFunctions* dwarf_functions() {
  static DwarfFunctions functions;
  static const bool is_here = open_dwarf(functions);
  return is_here ? &functions : nullptr;
}

bool has_debuginfod() {
  if (is_in_host()) return false;
  static const bool is_here = [] {
    void (*end)(void*) = nullptr;
    return OpenedLibrary({"libdebuginfod.so.1"}).bind(end, "debuginfod_end").is_complete();
  }();
  return is_here;
}

}  // namespace pymemflow::report
