using Automation.Server.Secrets;

namespace Automation.Server.Tests.Secrets;

public sealed class SecretStoreTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("secrets").FullName;
    private readonly ManualTime time = new();
    private readonly ListLogger<SecretStore> log = new();

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void TryGet_ReadsVariablesWithThePrefixOnly()
    {
        var store = Store(("AUTOMATION_SECRET_API_KEY", "from the environment"), ("API_KEY_2", "no"));
        Assert.True(store.TryGet("API_KEY", out var value));
        Assert.Equal("from the environment", value);
        Assert.False(store.Contains("API_KEY_2"));
        Assert.Equal(["API_KEY"], store.Names);
    }

    [Fact]
    public void TryGet_PrefersTheFile_AndCutsTrailingLineEnds()
    {
        Write("API_KEY", "from the file\r\n\n");
        Assert.True(Store(("AUTOMATION_SECRET_API_KEY", "old")).TryGet("API_KEY", out var value));
        Assert.Equal("from the file", value);
    }

    [Fact]
    public void TryGet_SeesARotatedFileAfterASecond()
    {
        Write("TOKEN", "first");
        var store = Store();
        Assert.True(store.TryGet("TOKEN", out _));
        Write("TOKEN", "other");
        time.Advance(TimeSpan.FromSeconds(1));
        store.TryGet("TOKEN", out var value);
        Assert.Equal("other", value);
    }

    [Fact]
    public void TryGet_SeesANewFileAtOnce_AndARemovedOneAfterASecond()
    {
        var store = Store();
        Assert.False(store.Contains("TOKEN"));
        Write("TOKEN", "here");
        Assert.True(store.Contains("TOKEN"));
        File.Delete(Path.Combine(folder, "TOKEN"));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(store.Contains("TOKEN"));
    }

    [Theory]
    [InlineData("../etc/passwd")]
    [InlineData("lower")]
    [InlineData("")]
    [InlineData("A/B")]
    [InlineData("_A")]
    public void TryGet_RefusesWhatIsNoName(string name) => Assert.False(Store().Contains(name));

    [Fact]
    public void TryGet_TakesAnEmptyValueForNotSet()
    {
        Write("EMPTY", "\n");
        Assert.False(Store(("AUTOMATION_SECRET_NONE", "")).Contains("EMPTY"));
        Assert.Empty(Store(("AUTOMATION_SECRET_NONE", "")).Names);
    }

    [Fact]
    public void Find_IgnoresAFileThatIsTooLong_AndSaysSo()
    {
        Write("BIG", new string('x', 70_000));
        Assert.False(Store().Contains("BIG"));
        Assert.Contains("BIG", Assert.Single(log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void HowToSet_NamesTheFileAndTheVariable() => Assert.Equal(
        $"Write its value into the file {Path.Combine(folder, "API_KEY")}, or set the environment variable AUTOMATION_SECRET_API_KEY and start the server again.",
        Store().HowToSet("API_KEY"));

    [Fact]
    public void HowToSet_IsNothing_ForWhatIsSet() => Assert.Null(Store(("AUTOMATION_SECRET_API_KEY", "value")).HowToSet("API_KEY"));

    [Fact]
    public void Log_NeverHoldsAValue()
    {
        Store(("AUTOMATION_SECRET_PIN", "17"), ("AUTOMATION_SECRET_bad-name", "hidden-value"));
        Assert.Equal(2, log.Lines.Count);
        Assert.DoesNotContain(log.Lines, l => l.Contains("17", StringComparison.Ordinal) || l.Contains("hidden-value", StringComparison.Ordinal));
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(folder, name), text);

    private SecretStore Store(params (string Name, string Value)[] variables) =>
        new(new SecretsOptions { Folder = folder }, variables.ToDictionary(v => v.Name, v => v.Value), time, log);
}
