using System.Text;
using Automation.Server.Triggers.Webhooks;
using FsCheck;
using FsCheck.Fluent;

namespace Automation.Server.Tests.Triggers;

public class WebhookRoutesTests
{
    [Theory]
    [InlineData("/orders", "/orders", "w0")]
    [InlineData("/orders", "/Orders", "")]
    [InlineData("/orders", "/orders/", "")]
    [InlineData("/orders", "", "")]
    [InlineData("/orders", "/", "")]
    [InlineData("/orders/{id}", "/orders/7", "w0:7")]
    [InlineData("/orders/{id}", "/orders/a%2Fb%20c", "w0:a/b c")]
    [InlineData("/orders/{id}", "/orders/%252F", "w0:%2F")]
    [InlineData("/orders/{id}", "/orders/", "")]
    [InlineData("/orders/{id}", "/orders/7/x", "")]
    [InlineData("/{a}/{b}", "/x/y", "w0:x,y")]
    [InlineData("/café", "/caf%C3%A9", "w0")]
    [InlineData("/files/{path*}", "/files/a/b%20c/", "w0:a/b c/")]
    [InlineData("/files/{path*}", "/files", "w0:")]
    [InlineData("/{all*}", "", "w0:")]
    [InlineData("/{all*}", "/x//y", "w0:x//y")]
    public void Match_ReadsThePath(string pattern, string path, string expected) =>
        Assert.Equal(expected, Match(path, pattern));

    [Fact]
    public void Match_FindsAllTriggers_TheMoreLiteralFirst() =>
        Assert.Equal("w2 w1:7 w0:orders/7", Match("/orders/7", "/{rest*}", "/orders/{id}", "/orders/7", "/orders/{id}/items"));

    [Fact]
    public void Match_IsNotSlower_WithTenThousandRoutes_AndLongPaths()
    {
        var table = new RouteTable(WebhookServer.Workflows([.. Enumerable.Range(0, 10_000).Select(at => $$"""{"path":"/r{{at}}/{id}"}""")]));
        Assert.Single(table.Match("/r9999/x"));
        Assert.Empty(table.Match(string.Concat(Enumerable.Repeat("/x", 4_000))));
    }

    [Fact]
    public void AnySegment_ComesBack_AsItWasBeforeItsEncoding()
    {
        var table = new RouteTable(WebhookServer.Workflows("""{"path":"/a/{x}/b"}"""));
        Prop.ForAll(ArbMap.Default.ArbFor<NonEmptyString>(), text =>
        {
            var valid = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text.Get)); // without halves of characters
            return Assert.Single(table.Match($"/a/{Uri.EscapeDataString(valid)}/b")).Values[0] == valid;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Use_SwapsTheTableWhole()
    {
        var routes = new WebhookRoutes();
        routes.Use(WebhookServer.Workflows("""{"path":"/a"}"""));
        var before = routes.Current;
        routes.Use(WebhookServer.Workflows("""{"path":"/b"}"""));
        Assert.Single(before.Match("/a"));
        Assert.Empty(routes.Current.Match("/a"));
        Assert.Single(routes.Current.Match("/b"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("orders")]
    [InlineData("/orders/")]
    [InlineData("//orders")]
    [InlineData("/a/{}")]
    [InlineData("/a/{1x}")]
    [InlineData("/a/{b-c}")]
    [InlineData("/a/{b}c")]
    [InlineData("/{a}/{a}")]
    [InlineData("/{a*}/b")]
    [InlineData("/a/*")]
    [InlineData("/a/../b")]
    [InlineData("/a%20b")]
    [InlineData("/a?b")]
    [InlineData("/a\nb")]
    public void Pattern_ThatIsWrong_IsRefusedWithASentence(string path)
    {
        Assert.False(PathPattern.TryParse(path, out _, out var problem));
        Assert.EndsWith(".", problem, StringComparison.Ordinal);
    }

    private static string Match(string path, params string[] patterns)
    {
        var table = new RouteTable(WebhookServer.Workflows([.. patterns.Select(pattern => $$"""{"path":"{{pattern}}"}""")]));
        return string.Join(' ', table.Match(path).Select(match => match.Route.Target.Version.WorkflowId + (match.Values.Length == 0 ? "" : ":" + string.Join(',', match.Values))));
    }
}
