using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;

namespace Automation.Server.Endpoints.Portal;

/// <summary>A piece of HTML. What an interpolated text puts into it is encoded, unless it is HTML itself.</summary>
internal readonly record struct Html(string Text)
{
    public static readonly Html None = new("");

    public static Html Of(Writer html) => new(html.ToString());

    public static Html Join(IEnumerable<Html> pieces) => new(string.Concat(pieces.Select(p => p.Text)));

    public override string ToString() => Text;

    [InterpolatedStringHandler]
    internal readonly ref struct Writer(int literals, int holes)
    {
        private readonly StringBuilder text = new(literals + (holes * 16));

        public void AppendLiteral(string html) => text.Append(html);

        public void AppendFormatted(Html html) => text.Append(html.Text);

        public void AppendFormatted(string? plain) => text.Append(HtmlEncoder.Default.Encode(plain ?? ""));

        public void AppendFormatted(int number) => text.Append(number);

        public override string ToString() => text.ToString();
    }
}
