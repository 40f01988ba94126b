#pragma once
// The functions of libdw that name lines. The library is opened at the first use, as those of
// report/base/private_library.h are, and never in a host. Report side; any thread.

#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>

namespace pymemflow::report {

struct DwarfFunctions {
  decltype(&dwfl_begin) begin;
  decltype(&dwfl_end) end;
  decltype(&dwfl_report_begin) report_begin;
  decltype(&dwfl_report_elf) report_elf;
  decltype(&dwfl_report_end) report_end;
  decltype(&dwfl_standard_find_debuginfo) find_debuginfo;
  decltype(&dwfl_module_getdwarf) module_getdwarf;
  decltype(&dwfl_module_addrdie) module_addrdie;
  decltype(&dwarf_get_units) get_units;
  decltype(&dwarf_cu_info) cu_info;
  decltype(&dwarf_ranges) ranges;
  decltype(&dwarf_haspc) haspc;
  decltype(&dwarf_getsrc_die) getsrc_die;
  decltype(&dwarf_lineno) lineno;
  decltype(&dwarf_linesrc) linesrc;
  decltype(&dwarf_getsrcfiles) getsrcfiles;
  decltype(&dwarf_filesrc) filesrc;
  decltype(&dwarf_child) child;
  decltype(&dwarf_siblingof) siblingof;
  decltype(&dwarf_tag) tag;
  decltype(&dwarf_diename) diename;
  decltype(&dwarf_attr) attr;
  decltype(&dwarf_attr_integrate) attr_integrate;
  decltype(&dwarf_formstring) formstring;
  decltype(&dwarf_formudata) formudata;
};

// Null: libdw is not installed.
const DwarfFunctions* dwarf_functions();

// Whether libdw can ask servers for debug information.
bool has_debuginfod();

}  // namespace pymemflow::report
