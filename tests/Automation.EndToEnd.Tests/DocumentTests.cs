using System.Text.Json;
using System.Text.RegularExpressions;

namespace Automation.EndToEnd.Tests;

/// <summary>Documents that list what is somewhere else.</summary>
public partial class DocumentTests
{
    [Fact]
    public void Configuration_ListsEverySetting_WithItsDefault()
    {
        var rows = File.ReadAllLines(Repository.PathOf("docs", "configuration.md"));
        using var settings = JsonDocument.Parse(File.ReadAllText(Repository.PathOf("src", "Automation.Server", "appsettings.json")));

        var known = Settings(settings.RootElement, "").Where(s => !s.Key.StartsWith("Logging:LogLevel:Microsoft", StringComparison.Ordinal)).ToList();

        Assert.NotEmpty(known);
        Assert.All(known, s => Assert.Contains(rows, row =>
            row.StartsWith($"| `{s.Key}` | `{s.Key.Replace(":", "__", StringComparison.Ordinal)}` | ", StringComparison.Ordinal) && row.Contains(s.Value.Length > 0 ? $" | `{s.Value}` | " : " |  | ", StringComparison.Ordinal)));
    }

    [Fact]
    public void Readme_HasAReasonForEveryPackage()
    {
        var readme = File.ReadAllText(Repository.PathOf("README.md"));
        var packages = Package().Matches(File.ReadAllText(Repository.PathOf("Directory.Packages.props"))).Select(p => p.Groups[1].Value).ToList();

        Assert.NotEmpty(packages);
        Assert.All(packages, package => Assert.Contains(package, readme, StringComparison.Ordinal));
    }

    [Fact]
    public void FilesThatDocumentsName_Exist()
    {
        var documents = Directory.GetFiles(Repository.PathOf("docs"), "*.md", SearchOption.AllDirectories)
            .Concat(["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "workflows/README.md"])
            .Select(file => Repository.PathOf(file));
        var missing = documents.SelectMany(file => Link().Matches(File.ReadAllText(file))
            .Select(link => Path.Combine(Path.GetDirectoryName(file)!, link.Groups[1].Value))
            .Concat(SourcePath().Matches(File.ReadAllText(file)).Select(path => Repository.PathOf(path.Groups[1].Value))))
            .Where(path => !Path.Exists(path));

        Assert.Empty(missing);
    }

    private static IEnumerable<(string Key, string Value)> Settings(JsonElement element, string prefix) => element.ValueKind is JsonValueKind.Object
        ? element.EnumerateObject().SelectMany(p => Settings(p.Value, prefix.Length == 0 ? p.Name : $"{prefix}:{p.Name}"))
        : [(prefix, element.ValueKind is JsonValueKind.True or JsonValueKind.False ? element.GetRawText().ToLowerInvariant() : element.ToString())];

    [GeneratedRegex("PackageVersion Include=\"([^\"]+)\"")]
    private static partial Regex Package();

    [GeneratedRegex(@"\]\(([^)#:]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("`((?:src|tests|docs|workflows)/[A-Za-z0-9./_-]+)`")]
    private static partial Regex SourcePath();
}
