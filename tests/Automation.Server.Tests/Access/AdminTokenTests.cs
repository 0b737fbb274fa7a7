using System.Net;
using Automation.Server.Access;
using Automation.Server.Hosting;

namespace Automation.Server.Tests.Access;

[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class AdminTokenTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("automation-").FullName;

    private string TokenFile => Path.Combine(folder, AdminToken.FileName);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void FirstStart_MakesAFileThatOnlyItsOwnerReads()
    {
        var token = AdminToken.Load(null, folder);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(TokenFile));
        Assert.Equal(43, token.Value.Length); // 32 bytes as base64url
        Assert.Equal(token.Value, File.ReadAllText(TokenFile).Trim());
        Assert.Equal([TokenFile], Directory.GetFiles(folder));
        Assert.False(token.IsReadableByOthers());
    }

    [Fact]
    public void NextStart_TakesTheSameToken()
    {
        Assert.Equal(AdminToken.Load(null, folder).Value, AdminToken.Load("", folder).Value);
    }

    [Fact]
    public void EachServer_HasATokenOfItsOwn()
    {
        Assert.NotEqual(AdminToken.Load(null, folder).Value, AdminToken.Load(null, Path.Combine(folder, "other")).Value);
    }

    [Fact]
    public void HalfWrittenFile_OfACrash_IsReplaced()
    {
        File.WriteAllText(TokenFile + ".new", "half");

        Assert.Equal(43, AdminToken.Load(null, folder).Value.Length);
    }

    [Fact]
    public void ConfiguredToken_IsTaken_AndNoFileIsMade()
    {
        var token = AdminToken.Load("0123456789abcdef", folder);

        Assert.True(token.IsToken("0123456789abcdef"));
        Assert.False(token.IsToken("0123456789abcdeF"));
        Assert.Empty(Directory.GetFiles(folder));
    }

    [Fact]
    public void ShortTokens_AreRefused_WithoutNamingThem()
    {
        var configured = Assert.Throws<StartupException>(() => AdminToken.Load("short-secret", folder));
        File.WriteAllText(TokenFile, "\n");
        var stored = Assert.Throws<StartupException>(() => AdminToken.Load(null, folder));

        Assert.Contains(AdminToken.Variable, configured.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("short-secret", configured.Message, StringComparison.Ordinal);
        Assert.Contains(TokenFile, stored.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FileThatOthersRead_IsNoticed()
    {
        File.WriteAllText(TokenFile, "0123456789abcdef");
        File.SetUnixFileMode(TokenFile, UnixFileMode.UserRead | UnixFileMode.GroupRead);

        Assert.True(AdminToken.Load(null, folder).IsReadableByOthers());
    }

    [Fact]
    public void WrongTokens_AreCountedByIPv6Network()
    {
        var wrong = new WrongTokens(new ManualTime());

        for (var i = 0; i < WrongTokens.Allowed; i++) wrong.Count(IPAddress.Parse("2001:db8::" + i));

        Assert.True(wrong.WaitOf(IPAddress.Parse("2001:db8::ffff")) > TimeSpan.Zero);
        Assert.Equal(TimeSpan.Zero, wrong.WaitOf(IPAddress.Parse("2001:db8:0:1::1")));
    }

    [Fact]
    public void WrongTokens_RememberABoundedNumberOfAddresses()
    {
        var wrong = new WrongTokens(new ManualTime());
        for (var i = 0; i < WrongTokens.Allowed; i++) wrong.Count(IPAddress.Parse("10.0.0.1"));

        for (var i = 0; i < 4096; i++) wrong.Count(new IPAddress(0x0b000000L + i));

        Assert.Equal(TimeSpan.Zero, wrong.WaitOf(IPAddress.Parse("10.0.0.1")));
    }
}
