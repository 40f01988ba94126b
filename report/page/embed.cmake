# Makes the text of the page, as C++: cmake -D SOURCE=FOLDER -D UPLOT=FOLDER -D OUTPUT=FILE.cpp -P embed.cmake
#
# The style and the scripts of SOURCE are put into page.html. Comments on lines of their own and indentation are
# left out. The page's policy allows this script and this style alone, by their checksums.
set(styles ${UPLOT}/uPlot.min.css ${SOURCE}/style.css)
set(modules data.js names.js sums.js tree.js state.js graph.js graph_input.js chart.js table.js bars.js main.js controls.js
    start.js)
list(TRANSFORM modules PREPEND ${SOURCE}/)

function(read_all result)
  set(all "")
  foreach(file IN LISTS ARGN)
    file(READ ${file} text)
    if(NOT file MATCHES "min")
      string(REGEX REPLACE "\n[ \t]+" "\n" text "\n${text}")
      string(REGEX REPLACE "\n//[^\n]*" "" text "${text}")
      string(REGEX REPLACE "\n+" "\n" text "${text}")
    endif()
    string(APPEND all "${text}")
  endforeach()
  set(${result} "${all}" PARENT_SCOPE)
endfunction()

# Sets RESULT to the checksum of a text, as a policy names it.
function(policy_of text result)
  set(digits ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/)
  string(SHA256 hash "${text}")
  string(APPEND hash "00")  # 33 bytes, of which the last one is none
  set(encoded "")
  foreach(start RANGE 0 60 6)
    string(SUBSTRING ${hash} ${start} 6 group)
    math(EXPR group "0x${group}")
    foreach(shift 18 12 6 0)
      math(EXPR digit "(${group} >> ${shift}) & 63")
      string(SUBSTRING ${digits} ${digit} 1 digit)
      string(APPEND encoded ${digit})
    endforeach()
  endforeach()
  string(SUBSTRING ${encoded} 0 43 encoded)
  set(${result} "'sha256-${encoded}='" PARENT_SCOPE)
endfunction()

read_all(style ${styles})
read_all(library ${UPLOT}/uPlot.iife.min.js)
read_all(own ${modules})
set(script "\"use strict\";${library}\n(() => {${own}})();\n")
policy_of("${style}" style_policy)
policy_of("${script}" script_policy)
file(READ ${SOURCE}/page.html page)
string(FIND "${page}" "@DATA@" data)
string(SUBSTRING "${page}" 0 ${data} start)
math(EXPR data "${data} + 6")
string(SUBSTRING "${page}" ${data} -1 end)
foreach(part start end)
  string(REPLACE "@STYLE_POLICY@" "${style_policy}" ${part} "${${part}}")
  string(REPLACE "@SCRIPT_POLICY@" "${script_policy}" ${part} "${${part}}")
  string(REPLACE "@STYLE@" "${style}" ${part} "${${part}}")
  string(REPLACE "@SCRIPT@" "${script}" ${part} "${${part}}")
endforeach()
file(WRITE ${OUTPUT} "#include \"report/page/page_text.h\"

namespace pymemflow::report {

const std::string_view kPageStart = R\"PAGE(${start})PAGE\";
const std::string_view kPageEnd = R\"PAGE(${end})PAGE\";

}  // namespace pymemflow::report
")
