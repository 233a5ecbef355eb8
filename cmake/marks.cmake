# The marks that a program's sources can report, collected from their literals.
#
#   millrace_mark_list(TARGET NAMESPACE dir...)
#
# adds to TARGET a generated source and the header "NAMESPACE/marks.h", in namespace
# millrace::NAMESPACE:
#
#   std::span<const std::string_view> marks();   // sorted, without duplicates
#
# It holds every literal that a *.cc or *.h below the folders passes to `.mark("area.what")` or
# `->mark("area.what")`, comments left out. Marks that begin with "mutant." are left out: they belong
# to a bug planted on purpose, not to the program. The list is made at build time, again whenever one
# of the sources changes.

set(MILLRACE_MARKS_SCRIPT "${CMAKE_CURRENT_LIST_DIR}/marks_script.cmake")

function(millrace_mark_list TARGET NAMESPACE)
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/generated/${TARGET}")
  set(header "${folder}/${NAMESPACE}/marks.h")
  set(source "${folder}/${NAMESPACE}/marks.cc")
  set(files "")
  set(dirs "")
  foreach(dir IN LISTS ARGN)
    get_filename_component(absolute "${dir}" ABSOLUTE)
    list(APPEND dirs "${absolute}")
    file(GLOB found CONFIGURE_DEPENDS "${absolute}/*.cc" "${absolute}/*.h")
    list(APPEND files ${found})
    # A build folder inside is not searched at all: it holds what this very rule writes, and each
    # file that appears there would configure the project again.
    file(GLOB children LIST_DIRECTORIES true "${absolute}/*")
    foreach(child IN LISTS children)
      string(FIND "${CMAKE_BINARY_DIR}/" "${child}/" at)
      if(IS_DIRECTORY "${child}" AND NOT at EQUAL 0)
        file(GLOB_RECURSE found CONFIGURE_DEPENDS "${child}/*.cc" "${child}/*.h")
        list(APPEND files ${found})
      endif()
    endforeach()
  endforeach()
  list(JOIN dirs "|" joined)
  add_custom_command(
    OUTPUT "${source}" "${header}"
    COMMAND "${CMAKE_COMMAND}" "-DDIRS=${joined}" "-DEXCLUDE=${CMAKE_BINARY_DIR}/"
            "-DNAMESPACE=${NAMESPACE}" "-DSOURCE=${source}" "-DHEADER=${header}" -P "${MILLRACE_MARKS_SCRIPT}"
    DEPENDS ${files} "${MILLRACE_MARKS_SCRIPT}"
    COMMENT "Collecting marks for ${TARGET}"
    VERBATIM)
  target_sources(${TARGET} PRIVATE "${source}" "${header}")
  if(TARGET generated_sources)
    add_custom_target(${TARGET}_marks DEPENDS "${source}" "${header}")
    add_dependencies(generated_sources ${TARGET}_marks)
  endif()
  target_include_directories(${TARGET} PUBLIC "$<BUILD_INTERFACE:${folder}>")
endfunction()
