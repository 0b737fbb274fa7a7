using System.Text.RegularExpressions;

namespace Automation.EndToEnd.Tests;

/// <summary>What can be checked of the Dockerfile where no container can be built.</summary>
public partial class ContainerTests
{
    [Fact]
    public void Dockerfile_CopiesOnlyWhatExists_AndIsNotIgnored()
    {
        var ignored = File.ReadAllLines(Repository.PathOf(".dockerignore"));
        var sources = Copy().Matches(File.ReadAllText(Repository.PathOf("Dockerfile")))
            .SelectMany(copy => copy.Groups[1].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries)[..^1])
            .ToList();

        Assert.NotEmpty(sources);
        Assert.All(sources, source => Assert.True(Path.Exists(Repository.PathOf(source)), $"{source} does not exist"));
        Assert.Empty(sources.Select(source => source.Split('/')[0]).Intersect(ignored));
    }

    [GeneratedRegex("^COPY (?!--from)(.+)$", RegexOptions.Multiline)]
    private static partial Regex Copy();
}
