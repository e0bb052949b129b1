#pragma once
#include <string>

std::string page(const std::string& folder, const std::string& name);
