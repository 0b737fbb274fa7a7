using Automation.Server.Storage;

namespace Automation.Server.Tests.Storage;

/// <summary>The file that tells a data folder from others.</summary>
public sealed class ServerIdentityTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("automation-identity-").FullName;

    private string File => Path.Combine(folder, "instance");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Instance_IsTheFolders_AndStays()
    {
        var made = In().Instance;

        Assert.Equal(made, In().Instance);
        Assert.Equal(["instance"], Directory.GetFiles(folder).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("")] // as a crash while it was written left it
    [InlineData("\0\0\0\0")]
    [InlineData("0123456789")]
    public void FileThatCannotBeRead_IsMadeAnew(string text)
    {
        System.IO.File.WriteAllText(File, text);

        var made = In().Instance;

        Assert.True(Guid.TryParseExact(made, "n", out _));
        Assert.Equal(made, In().Instance);
    }

    private ServerIdentity In() => ServerIdentity.In(folder, "one", TimeSpan.FromSeconds(15));
}
