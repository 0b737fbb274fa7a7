namespace Automation.Server.Workflows.Compilation;

/// <summary>Collects the problems of one workflow file; where the file's text is known, each gets its line and column.</summary>
/// <param name="file">As in <see cref="Problem.File"/>.</param>
/// <param name="positions">Made when the first problem comes; null where there is no file, as for a stored version.</param>
internal sealed class ProblemList(string file, Func<JsonPositions>? positions)
{
    private readonly List<Problem> problems = [];
    private readonly HashSet<(string, string, string)> seen = [];
    private JsonPositions? known;

    public string File => file;

    public int Count => problems.Count;

    public bool IsEmpty => problems.Count == 0;

    /// <summary>In the order of the file.</summary>
    public IReadOnlyList<Problem> All => [.. problems.OrderBy(p => p.File == file ? 0 : 1).ThenBy(p => p.File, StringComparer.Ordinal).ThenBy(p => p.Line ?? 0).ThenBy(p => p.Column ?? 0)];

    public bool Has(string pointer) => problems.Exists(p => p.File == file && p.Pointer == pointer);

    public void Add(string pointer, string message) => Add(pointer, message, atName: false);

    /// <summary>As <see cref="Add(string, string)"/>, at the name of the property.</summary>
    public void AddAtName(string pointer, string message) => Add(pointer, message, atName: true);

    public void Add(Problem problem)
    {
        if (seen.Add((problem.File, problem.Pointer, problem.Message))) problems.Add(problem);
    }

    /// <summary>Where a pointer's value begins; null without a file.</summary>
    public (int Line, int Column)? Place(string pointer, bool atName = false) => positions is null ? null : (known ??= positions()).Of(pointer, atName);

    private void Add(string pointer, string message, bool atName)
    {
        var place = Place(pointer, atName);
        Add(new Problem(file, pointer, message, place?.Line, place?.Column));
    }
}
