# Writes one page of `millrace_report_pages`. Called at build time with TEMPLATE and PAGE.

include("${CMAKE_CURRENT_LIST_DIR}/write_if_changed.cmake")

get_filename_component(folder "${TEMPLATE}" DIRECTORY)
file(READ "${TEMPLATE}" page)
string(REGEX MATCHALL "{{include [a-z_]+\\.(css|js)}}" lines "${page}")
foreach(line IN LISTS lines)
  string(REGEX REPLACE "^{{include (.*)}}$" "\\1" name "${line}")
  file(READ "${folder}/${name}" text)
  string(TOLOWER "${text}" lower)
  string(FIND "${lower}" "</" clash)
  if(NOT clash EQUAL -1)
    message(FATAL_ERROR "${folder}/${name}: \"</\" would end the page's script or style")
  endif()
  string(REPLACE "${line}" "${text}" page "${page}")
endforeach()

string(REGEX MATCHALL "{{[^}]*}}" left "${page}")
if(NOT left STREQUAL "{{data}}")
  message(FATAL_ERROR "${TEMPLATE}: expected {{data}} once and nothing else left, got ${left}")
endif()
millrace_write_if_changed("${PAGE}" "${page}")
