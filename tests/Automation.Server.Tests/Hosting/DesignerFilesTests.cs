using System.IO.Compression;
using Automation.Server.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Server.Tests.Hosting;

public sealed class DesignerFilesTests : IDisposable
{
    private static readonly string Script = string.Concat(Enumerable.Repeat("console.log('one')\n", 100));

    private readonly string folder = Directory.CreateTempSubdirectory("automation-designer-").FullName;
    private readonly DesignerFiles files;

    public DesignerFilesTests()
    {
        Directory.CreateDirectory(Path.Combine(folder, "assets"));
        File.WriteAllText(Path.Combine(folder, "index.html"), "<html>one</html>");
        File.WriteAllText(Path.Combine(folder, "assets", "index-one.js"), Script);
        File.WriteAllText(Path.Combine(folder, "assets", "index-one.js.map.unknown"), "{}");
        files = DesignerFiles.In(folder)!;
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Files_StayThoseOfTheServersOwnBuild_WhenAnUpdateReplacesTheFolder()
    {
        Directory.Delete(Path.Combine(folder, "assets"), recursive: true);
        File.WriteAllText(Path.Combine(folder, "index.html"), "<html>two</html>");

        Assert.Equal("<html>one</html>", files.Html);
        Assert.Equal((200, Script), await GetTextAsync("/assets/index-one.js"));
    }

    [Fact]
    public async Task Asset_IsCompressed_AsTheBrowserTakesIt_WithATagOfItsOwn()
    {
        var tags = new List<string>();
        foreach (var (accepted, encoding) in new[] { ("gzip, deflate, br", "br"), ("gzip", "gzip"), ("br;q=0", ""), ("", "") })
        {
            var (response, body) = await GetAsync("/assets/index-one.js", ("Accept-Encoding", accepted));
            Assert.Equal((encoding, "Accept-Encoding", "text/javascript"), (response.Headers.ContentEncoding.ToString(), response.Headers.Vary.ToString(), response.ContentType));
            Assert.Contains("immutable", response.Headers.CacheControl.ToString(), StringComparison.Ordinal);
            Assert.Equal(Script, Text(body, encoding));
            tags.Add(response.Headers.ETag.ToString());
        }

        Assert.Equal(3, tags.Distinct().Count());
        Assert.Equal(304, (await GetAsync("/assets/index-one.js", ("Accept-Encoding", "br"), ("If-None-Match", tags[0]))).Response.StatusCode);
        Assert.Equal(200, (await GetAsync("/assets/index-one.js", ("Accept-Encoding", "gzip"), ("If-None-Match", tags[0]))).Response.StatusCode);
    }

    [Theory]
    [InlineData("/index.html")]
    [InlineData("/assets/index-two.js")]
    [InlineData("/assets/../index.html")]
    [InlineData("/assets/index-one.js.map.unknown")]
    [InlineData("/")]
    public void WhatIsNoAsset_IsNotFound(string path) => Assert.Null(files.Find(Context(path)));

    [Fact]
    public void Folder_WithoutAPage_HasNoDesigner() => Assert.Null(DesignerFiles.In(Path.Combine(folder, "assets")));

    private async Task<(int, string)> GetTextAsync(string path)
    {
        var (response, body) = await GetAsync(path);
        return (response.StatusCode, Text(body, ""));
    }

    private async Task<(HttpResponse Response, byte[] Body)> GetAsync(string path, params (string Name, string Value)[] headers)
    {
        var context = Context(path, headers);
        using var body = new MemoryStream();
        context.Response.Body = body;
        await files.Find(context)!.ExecuteAsync(context);
        return (context.Response, body.ToArray());
    }

    private static DefaultHttpContext Context(string path, params (string Name, string Value)[] headers)
    {
        var context = new DefaultHttpContext { RequestServices = new ServiceCollection().AddLogging().BuildServiceProvider() };
        (context.Request.Method, context.Request.Path) = ("GET", path);
        foreach (var (name, value) in headers) context.Request.Headers[name] = value;
        return context;
    }

    private static string Text(byte[] body, string encoding)
    {
        using var bytes = new MemoryStream(body);
        using Stream plain = encoding switch
        {
            "br" => new BrotliStream(bytes, CompressionMode.Decompress),
            "gzip" => new GZipStream(bytes, CompressionMode.Decompress),
            _ => bytes,
        };
        using var reader = new StreamReader(plain);
        return reader.ReadToEnd();
    }
}
