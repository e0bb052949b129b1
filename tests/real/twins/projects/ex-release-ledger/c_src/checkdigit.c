/* Reads account numbers, one a line, and answers with the Luhn check digit. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

int main(void) {
  char line[256];
  while (fgets(line, sizeof line, stdin)) {
    int sum = 0, twice = 1;
    for (int i = (int)strcspn(line, "\n") - 1; i >= 0; i--) {
      if (!isdigit((unsigned char)line[i])) continue;
      int digit = line[i] - '0';
      if (twice && (digit *= 2) > 9) digit -= 9;
      sum += digit;
      twice = !twice;
    }
    printf("%d\n", (10 - sum % 10) % 10);
    fflush(stdout);
  }
  return 0;
}
