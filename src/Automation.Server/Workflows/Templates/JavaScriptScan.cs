using System.Collections.Frozen;

namespace Automation.Server.Workflows.Templates;

/// <summary>Finds where an expression ends and which names of the scope it may mention, without understanding JavaScript fully.</summary>
/// <remarks>
/// Knows strings, template literals with their own <c>${…}</c>, comments and, by what stands before a slash, regular expressions. The names err on the
/// side of too many: a name too many costs some bytes, one too few would break the expression.
/// </remarks>
/// <param name="End">Index of the closing brace; -1 when there is none.</param>
/// <param name="Uses">Scope names that occur as identifiers; all of them where code could reach names in another way.</param>
/// <param name="MentionsSecret">Whether <c>secret</c> occurs as an identifier that is not an object's key.</param>
internal readonly record struct JavaScriptScan(int End, ScopeUse Uses, bool MentionsSecret)
{
    private static readonly FrozenDictionary<string, ScopeUse> Names = new Dictionary<string, ScopeUse>
    {
        ["event"] = ScopeUse.Event,
        ["input"] = ScopeUse.Input,
        ["steps"] = ScopeUse.Steps,
        ["vars"] = ScopeUse.Vars,
        ["run"] = ScopeUse.Run,
        ["env"] = ScopeUse.Env,
        ["item"] = ScopeUse.Item,
        ["index"] = ScopeUse.Item,
        ["state"] = ScopeUse.State,
        ["eval"] = ScopeUse.All,
        ["Function"] = ScopeUse.All,
        ["constructor"] = ScopeUse.All,
        ["globalThis"] = ScopeUse.All,
        ["this"] = ScopeUse.All,
        ["arguments"] = ScopeUse.All,
    }.ToFrozenDictionary();

    private static readonly FrozenSet<string> BeforeRegex = new[] { "return", "typeof", "instanceof", "in", "of", "new", "delete", "void", "throw", "case", "do", "else", "await", "yield" }.ToFrozenSet();

    /// <summary>Scans from just behind <c>${</c>.</summary>
    public static JavaScriptScan FromOpening(string text, int start)
    {
        var scanner = new Scanner(text);
        var end = scanner.Code(start);
        return new JavaScriptScan(end, scanner.Uses, scanner.MentionsSecret);
    }

    private sealed class Scanner(string text)
    {
        // Deeper nesting than any author writes; keeps a hostile file from exhausting the stack.
        private const int MaxDepth = 100;
        private int depth;

        public ScopeUse Uses { get; private set; }

        public bool MentionsSecret { get; private set; }

        /// <summary>Index of the brace that closes the code at <paramref name="at"/>; -1 when it is missing.</summary>
        public int Code(int at)
        {
            if (++depth > MaxDepth) return -1;
            var open = 0;
            var valueBefore = false; // whether the last token ends a value, so that a slash divides
            while (at >= 0 && at < text.Length)
            {
                var character = text[at];
                switch (character)
                {
                    case '}' when open == 0:
                        depth--;
                        return at;
                    case '{':
                        open++;
                        at++;
                        valueBefore = false;
                        break;
                    case '}':
                        open--;
                        at++;
                        valueBefore = true;
                        break;
                    case '"' or '\'':
                        at = Quoted(at + 1, character);
                        valueBefore = true;
                        break;
                    case '`':
                        at = TemplateLiteral(at + 1);
                        valueBefore = true;
                        break;
                    case '/' when Next(at) == '/':
                        at = text.IndexOf('\n', at);
                        break;
                    case '/' when Next(at) == '*':
                        at = text.IndexOf("*/", at + 2, StringComparison.Ordinal) is var close and >= 0 ? close + 2 : -1;
                        break;
                    case '/' when !valueBefore && Regex(at + 1) is var regexEnd and >= 0:
                        Words(at, regexEnd);
                        at = regexEnd;
                        valueBefore = true;
                        break;
                    case '\\':
                        Uses = ScopeUse.All; // an identifier with an escape in it
                        at++;
                        break;
                    default:
                        (at, valueBefore) = Token(at, valueBefore);
                        break;
                }
            }

            return -1;
        }

        private (int At, bool ValueBefore) Token(int at, bool valueBefore)
        {
            var character = text[at];
            if (char.IsWhiteSpace(character)) return (at + 1, valueBefore);
            if (!IsWord(character)) return (at + 1, character is ')' or ']');
            var end = at;
            while (end < text.Length && IsWord(text[end])) end++;
            var word = text[at..end];
            if (word == "constructor" || !IsMember(at)) Name(word, at, end);
            return (end, !BeforeRegex.Contains(word));
        }

        private void Name(string word, int start, int end)
        {
            if (Names.TryGetValue(word, out var use)) Uses |= use;
            if (word == "secret" && !IsKey(start, end)) MentionsSecret = true;
        }

        private void Words(int start, int end)
        {
            for (var at = start; at < end; at++)
            {
                var begin = at;
                while (at < end && IsWord(text[at])) at++;
                if (at > begin && Names.TryGetValue(text[begin..at], out var use)) Uses |= use;
            }
        }

        /// <summary>True for <c>.name</c> and <c>?.name</c>, false for <c>...name</c>.</summary>
        private bool IsMember(int start)
        {
            var at = Before(start);
            return at >= 0 && text[at] == '.' && !(at >= 2 && text[at - 1] == '.' && text[at - 2] == '.');
        }

        private bool IsKey(int start, int end)
        {
            var before = Before(start);
            var after = end;
            while (after < text.Length && char.IsWhiteSpace(text[after])) after++;
            return before >= 0 && text[before] is '{' or ',' && after < text.Length && text[after] == ':';
        }

        private int Before(int at)
        {
            at--;
            while (at >= 0 && char.IsWhiteSpace(text[at])) at--;
            return at;
        }

        private int Quoted(int at, char quote)
        {
            for (; at < text.Length; at++)
            {
                if (text[at] == '\\') at++;
                else if (text[at] == quote) return at + 1;
            }

            return -1;
        }

        private int TemplateLiteral(int at)
        {
            for (; at < text.Length; at++)
            {
                if (text[at] == '\\') at++;
                else if (text[at] == '`') return at + 1;
                else if (text[at] == '$' && Next(at) == '{' && (at = Code(at + 2)) < 0) return -1;
            }

            return -1;
        }

        /// <summary>Index behind a regular expression whose body begins at <paramref name="at"/>; -1 when it is none, as it would cross a line.</summary>
        private int Regex(int at)
        {
            var inClass = false;
            for (; at < text.Length && text[at] != '\n'; at++)
            {
                if (text[at] == '\\') at++;
                else if (text[at] == '[') inClass = true;
                else if (text[at] == ']') inClass = false;
                else if (text[at] == '/' && !inClass) return at + 1;
            }

            return -1;
        }

        private char Next(int at) => at + 1 < text.Length ? text[at + 1] : '\0';

        private static bool IsWord(char character) => char.IsLetterOrDigit(character) || character is '_' or '$';
    }
}
