using System.Collections.Frozen;
using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Net.Http.Headers;

namespace Automation.Server.Hosting;

/// <summary>The designer as it was built: its page and what that needs, read together once, so that they are of one build however long the server runs and whatever an update puts into the folder meanwhile.</summary>
/// <remarks>About 3 MB. A file is compressed when it is first asked for, and kept.</remarks>
internal sealed class DesignerFiles
{
    private const string Page = "index.html", Assets = "/assets/";

    private static readonly string[] Encodings = ["br", "gzip"];

    private static readonly FileExtensionContentTypeProvider Types = new();

    private readonly FrozenDictionary<string, Asset> assets;

    private DesignerFiles(string html, FrozenDictionary<string, Asset> assets) => (Html, this.assets) = (html, assets);

    /// <summary>Of the one page.</summary>
    public string Html { get; }

    /// <summary>Null where there is no page in the folder.</summary>
    public static DesignerFiles? In(string folder)
    {
        if (!File.Exists(Path.Combine(folder, Page))) return null;
        var assets = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(file => (File: file, Path: "/" + Path.GetRelativePath(folder, file).Replace('\\', '/')))
            .Where(found => found.Path != "/" + Page && Types.TryGetContentType(found.Path, out _))
            .ToFrozenDictionary(found => found.Path, found => new Asset(File.ReadAllBytes(found.File)), StringComparer.Ordinal);
        return new DesignerFiles(File.ReadAllText(Path.Combine(folder, Page)), assets);
    }

    /// <summary>What answers a request for a file; null when it is for none.</summary>
    public IResult? Find(HttpContext context)
    {
        var (request, headers) = (context.Request, context.Response.Headers);
        if (!(HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method)) || request.Path.Value is not { } path || !assets.TryGetValue(path, out var asset) || !Types.TryGetContentType(path, out var type)) return null;
        headers.Vary = HeaderNames.AcceptEncoding;
        headers.CacheControl = path.StartsWith(Assets, StringComparison.Ordinal) ? "public, max-age=31536000, immutable" : "public, max-age=3600"; // an asset's name has its hash
        var encoding = EncodingFor(request.GetTypedHeaders().AcceptEncoding);
        if (encoding is not null) headers.ContentEncoding = encoding;
        return TypedResults.Bytes(asset.In(encoding), type, entityTag: new EntityTagHeaderValue($"\"{asset.Hash}{encoding}\""));
    }

    /// <summary>br, else gzip, else none, as RFC 9110 §12.5.3 asks for; a weight of 0 refuses.</summary>
    private static string? EncodingFor(IList<StringWithQualityHeaderValue> wanted) =>
        Encodings.FirstOrDefault(name => wanted.Any(value => value.Quality is not 0.0 && value.Value.Equals(name, StringComparison.OrdinalIgnoreCase)));

    private sealed class Asset(byte[] bytes)
    {
        private readonly Lazy<byte[]> brotli = new(() => Compress(bytes, to => new BrotliStream(to, CompressionLevel.Optimal)));
        private readonly Lazy<byte[]> gzip = new(() => Compress(bytes, to => new GZipStream(to, CompressionLevel.Optimal)));

        public string Hash { get; } = Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 8));

        public byte[] In(string? encoding) => encoding switch
        {
            "br" => brotli.Value,
            "gzip" => gzip.Value,
            _ => bytes,
        };

        private static byte[] Compress(byte[] bytes, Func<Stream, Stream> compressing)
        {
            using var compressed = new MemoryStream();
            using (var stream = compressing(compressed)) stream.Write(bytes);
            return compressed.ToArray();
        }
    }
}
