using Automation.Server.Access;
using Automation.Server.Hosting;

namespace Automation.Server.Tests.Hosting;

public sealed class BannerTests : IDisposable
{
    private const string Address = "http://localhost:8080";
    private readonly string folder = Directory.CreateTempSubdirectory("automation-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void TokenOfTheServersOwn_IsPrintedAsALink_AndAsABearerToken()
    {
        var token = AdminToken.Load(null, folder);
        Assert.Equal([$"  Browser    {Address}/?token={token.Value}", $"  API        {Address}/api with the header Authorization: Bearer {token.Value}"], Banner.WaysIn(Address, token, allowsToken: true));
        Assert.Contains(token.Value, string.Concat(Banner.WaysIn(Address, AdminToken.Load(null, folder), allowsToken: true)), StringComparison.Ordinal);
    }

    [Fact]
    public void ConfiguredToken_IsNamed_NotPrinted()
    {
        const string Value = "a-token-that-was-configured";
        var lines = string.Join('\n', Banner.WaysIn(Address, AdminToken.Load(Value, folder), allowsToken: true));
        Assert.DoesNotContain(Value, lines, StringComparison.Ordinal);
        Assert.Contains(AdminToken.Variable, lines, StringComparison.Ordinal);
        Assert.Contains($"{Address}/?token=", lines, StringComparison.Ordinal);
    }

    [Fact]
    public void TokenThatDoesNotCount_IsNotShown()
    {
        var token = AdminToken.Load(null, folder);

        var lines = string.Join('\n', Banner.WaysIn(Address, token, allowsToken: false));

        Assert.DoesNotContain(token.Value, lines, StringComparison.Ordinal);
        Assert.Contains("/sign-in", lines, StringComparison.Ordinal);
    }
}
