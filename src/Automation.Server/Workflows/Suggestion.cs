namespace Automation.Server.Workflows;

/// <summary>Guesses what a misspelt name was meant to be.</summary>
internal static class Suggestion
{
    // Longer texts are not names that somebody mistyped; the distance is quadratic.
    private const int LongestName = 64;

    /// <summary><c> Did you mean "x"?</c>, or nothing.</summary>
    public static string For(string name, IEnumerable<string> known) => Nearest(name, known) is { } nearest ? $" Did you mean \"{nearest}\"?" : "";

    /// <summary>The known name that is at most a third of its letters away; null when none is.</summary>
    public static string? Nearest(string name, IEnumerable<string> known)
    {
        if (name.Length is 0 or > LongestName) return null;
        string? best = null;
        var least = int.MaxValue;
        foreach (var candidate in known)
        {
            if (candidate.Length > LongestName) continue;
            var distance = Distance(name.ToLowerInvariant(), candidate.ToLowerInvariant());
            if (distance < least && distance <= Math.Max(1, Math.Max(name.Length, candidate.Length) / 3)) (best, least) = (candidate, distance);
        }

        return best;
    }

    /// <summary>Edits between two texts, a swap of neighbours counting as one (optimal string alignment).</summary>
    private static int Distance(string from, string to)
    {
        var table = new int[from.Length + 1, to.Length + 1];
        for (var i = 0; i <= from.Length; i++) table[i, 0] = i;
        for (var j = 0; j <= to.Length; j++) table[0, j] = j;
        for (var i = 1; i <= from.Length; i++)
        {
            for (var j = 1; j <= to.Length; j++)
            {
                var cost = from[i - 1] == to[j - 1] ? 0 : 1;
                table[i, j] = Math.Min(Math.Min(table[i - 1, j] + 1, table[i, j - 1] + 1), table[i - 1, j - 1] + cost);
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1]) table[i, j] = Math.Min(table[i, j], table[i - 2, j - 2] + 1);
            }
        }

        return table[from.Length, to.Length];
    }
}
