# Files as part of a program, so that one binary can be copied to a fleet.
#
#   millrace_embed(TARGET NAMESPACE file...)
#
# adds to TARGET a generated source and the header "NAMESPACE/embedded.h", in namespace
# millrace::NAMESPACE:
#
#   struct EmbeddedFile { std::string_view name; std::string_view text; };
#   std::span<const EmbeddedFile> embedded_files();   // sorted by name
#
# `name` is the file's name without folders ("quickstart.toml"). The source is made at build time,
# again whenever one of the files changes. A text may not hold the sequence `)millrace"`.

set(MILLRACE_EMBED_SCRIPT "${CMAKE_CURRENT_LIST_DIR}/embed_script.cmake")

function(millrace_embed TARGET NAMESPACE)
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/generated/${TARGET}")
  set(header "${folder}/${NAMESPACE}/embedded.h")
  set(source "${folder}/${NAMESPACE}/embedded.cc")
  set(files "")
  foreach(file IN LISTS ARGN)
    get_filename_component(absolute "${file}" ABSOLUTE)
    list(APPEND files "${absolute}")
  endforeach()
  list(JOIN files "|" joined)
  add_custom_command(
    OUTPUT "${source}" "${header}"
    COMMAND "${CMAKE_COMMAND}" "-DFILES=${joined}" "-DNAMESPACE=${NAMESPACE}" "-DSOURCE=${source}"
            "-DHEADER=${header}" -P "${MILLRACE_EMBED_SCRIPT}"
    DEPENDS ${files} "${MILLRACE_EMBED_SCRIPT}"
    COMMENT "Embedding files for ${TARGET}"
    VERBATIM)
  target_sources(${TARGET} PRIVATE "${source}" "${header}")
  if(TARGET generated_sources)
    add_custom_target(${TARGET}_embedded DEPENDS "${source}" "${header}")
    add_dependencies(generated_sources ${TARGET}_embedded)
  endif()
  target_include_directories(${TARGET} PUBLIC "$<BUILD_INTERFACE:${folder}>")
endfunction()
