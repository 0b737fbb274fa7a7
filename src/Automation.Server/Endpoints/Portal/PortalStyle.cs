namespace Automation.Server.Endpoints.Portal;

/// <summary>The portal's one style sheet: light and dark, wide and narrow.</summary>
internal static class PortalStyle
{
    public const string Sheet = """
        :root{color-scheme:light dark;--page:light-dark(#f6f7f9,#0f1115);--card:light-dark(#fff,#181b21);--line:light-dark(#e3e6eb,#2a2f38);--text:light-dark(#14171c,#e8eaee);--soft:light-dark(#5b6370,#9aa3b0);--accent:light-dark(#3b49df,#9aa5ff);--ok:light-dark(#0f7a48,#4fd08c);--bad:light-dark(#b3261e,#ff8a80);--busy:light-dark(#9a5b00,#f5b74f);--okb:light-dark(#e2f5ea,#12301f);--badb:light-dark(#fdeceb,#3a1a18);--busyb:light-dark(#fdf1dd,#35270f);--idleb:light-dark(#edeff3,#262b34);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
        *{box-sizing:border-box}
        body{margin:0;background:var(--page);color:var(--text);-webkit-text-size-adjust:100%}
        a{color:var(--accent);text-decoration:none}
        a:hover{text-decoration:underline}
        code,pre,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.87em}
        header.bar{border-bottom:1px solid var(--line);background:var(--card)}
        .bar>div,main{max-width:68rem;margin:0 auto;padding:0 1.5rem}
        .bar>div{display:flex;align-items:center;gap:1rem;min-height:3.5rem;padding-top:.5rem;padding-bottom:.5rem}
        .brand{display:flex;align-items:center;gap:.6rem;font-weight:650;color:var(--text)}
        .brand svg{flex:none}
        .brand span{color:var(--soft);font-weight:400}
        .bar .end{margin-left:auto;display:flex;align-items:center;gap:1rem;color:var(--soft);font-size:.87rem}
        main{padding-top:1.75rem;padding-bottom:4rem}
        h1{margin:0;font-size:1.5rem;line-height:1.25;letter-spacing:-.01em;overflow-wrap:anywhere}
        h2{margin:0;font-size:1rem}
        p{margin:.25rem 0}
        .soft{color:var(--soft)}
        .top{display:flex;flex-wrap:wrap;gap:1rem 1.5rem;align-items:flex-start;margin-bottom:1.5rem}
        .top>div:first-child{flex:1 1 22rem;min-width:0}
        .title{display:flex;flex-wrap:wrap;align-items:center;gap:.75rem}
        .url{overflow-wrap:anywhere;color:var(--soft)}
        .acts{display:flex;flex-wrap:wrap;gap:.5rem}
        .acts form,.end form{margin:0}
        button,.button{display:inline-flex;align-items:center;justify-content:center;min-height:2.25rem;padding:.35rem .9rem;border:1px solid var(--line);border-radius:.5rem;background:var(--card);color:var(--text);font:inherit;font-weight:550;cursor:pointer;white-space:nowrap}
        button:hover,.button:hover{border-color:var(--soft);text-decoration:none}
        button.main{background:light-dark(#3b49df,#5563f5);border-color:transparent;color:#fff}
        button.main:hover{background:light-dark(#2f3bc0,#6a77ff)}
        button.plain{min-height:0;padding:0;border:0;background:none;color:var(--accent);font-weight:400}
        button.plain:hover{text-decoration:underline}
        select{min-height:2.25rem;padding:.35rem .6rem;border:1px solid var(--line);border-radius:.5rem;background:var(--card);color:inherit;font:inherit}
        :focus-visible{outline:3px solid light-dark(#8f9aff,#5563f5);outline-offset:2px}
        .pill{display:inline-flex;align-items:center;gap:.4rem;padding:.1rem .6rem;border-radius:1rem;background:var(--idleb);color:var(--soft);font-size:.82rem;font-weight:600;white-space:nowrap}
        .pill::before{content:"";width:.45rem;height:.45rem;border-radius:50%;background:currentColor}
        .pill.ok{background:var(--okb);color:var(--ok)}
        .pill.bad{background:var(--badb);color:var(--bad)}
        .pill.busy{background:var(--busyb);color:var(--busy)}
        .note{margin:0 0 1.25rem;padding:.75rem 1rem;border-radius:.6rem;border:1px solid var(--line);background:var(--card)}
        .note.ok{background:var(--okb);color:var(--ok);border-color:transparent}
        .note.bad{background:var(--badb);color:var(--bad);border-color:transparent}
        .note.busy{background:var(--busyb);color:var(--busy);border-color:transparent}
        .card{margin-bottom:1.25rem;border:1px solid var(--line);border-radius:.75rem;background:var(--card);overflow:hidden}
        .card>.head{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem 1rem;padding:.9rem 1.25rem;border-bottom:1px solid var(--line)}
        .card>.head>:last-child:not(:first-child){margin-left:auto}
        .card>.body{padding:1.1rem 1.25rem}
        .tiles{display:grid;grid-template-columns:repeat(4,minmax(6.5rem,1fr)) minmax(14rem,2.2fr);margin-bottom:1.25rem;border:1px solid var(--line);border-radius:.75rem;background:var(--card);overflow:hidden}
        .tile{padding:.9rem 1.25rem;border-right:1px solid var(--line)}
        .tile:last-child{border:0}
        .tile b{display:block;font-size:1.45rem;line-height:1.3;font-weight:650;font-variant-numeric:tabular-nums}
        .tile span{color:var(--soft);font-size:.84rem}
        .chart svg{display:block;width:100%;height:2.6rem}
        .chart .ok,.times .first{fill:light-dark(#33a66f,#3fb57b)}
        .chart .bad{fill:light-dark(#d9534a,#e5695f)}
        .chart .busy,.times .tls{fill:light-dark(#e0a13a,#d9a441)}
        .chart .none{fill:var(--idleb)}
        .times .dns{fill:light-dark(#7b86f2,#7f8af5)}
        .times .connect{fill:light-dark(#4fa8d8,#4fa8d8)}
        .times .rest{fill:light-dark(#b9c0cb,#4a525f)}
        .times svg{display:block;width:100%;height:.5rem;border-radius:.25rem;margin:.35rem 0}
        nav.tabs{display:flex;flex-wrap:wrap;gap:.25rem}
        nav.tabs a{padding:.25rem .7rem;border-radius:.5rem;color:var(--soft);font-weight:550}
        nav.tabs a:hover{background:var(--idleb);text-decoration:none}
        nav.tabs a[aria-current]{background:var(--idleb);color:var(--text)}
        table{width:100%;border-collapse:collapse}
        th{padding:.55rem 1.25rem;text-align:left;font-size:.8rem;font-weight:550;color:var(--soft);border-bottom:1px solid var(--line)}
        td{padding:.7rem 1.25rem;border-bottom:1px solid var(--line);vertical-align:top}
        tr:last-child td{border-bottom:0}
        tbody tr:hover{background:light-dark(#fafbfc,#1b1f26)}
        td .sub{display:block;color:var(--soft);font-size:.84rem}
        td.num,td.tries{font-variant-numeric:tabular-nums}
        td form{margin:0}
        .empty{padding:3rem 1.25rem;text-align:center;color:var(--soft)}
        .pager{display:flex;justify-content:space-between;padding:.75rem 1.25rem;border-top:1px solid var(--line)}
        dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.45rem 1.5rem;margin:0}
        dt{color:var(--soft)}
        dd{margin:0;overflow-wrap:anywhere}
        pre{margin:.5rem 0 0;padding:.8rem 1rem;border-radius:.5rem;background:light-dark(#f4f5f8,#12151a);border:1px solid var(--line);max-height:28rem;overflow:auto;white-space:pre-wrap;overflow-wrap:anywhere}
        details summary{cursor:pointer;color:var(--accent)}
        .line{display:flex;flex-wrap:wrap;align-items:center;gap:.6rem}
        ol.tries{margin:0;padding:0;list-style:none}
        ol.tries>li{padding:1rem 1.25rem;border-bottom:1px solid var(--line)}
        ol.tries>li:last-child{border:0}
        .tries .line b{font-weight:600}
        .tries .line time{margin-left:auto;color:var(--soft);font-size:.87rem}
        .legend{display:flex;flex-wrap:wrap;gap:.2rem 1rem;color:var(--soft);font-size:.84rem}
        .legend span::before{content:"";display:inline-block;width:.55rem;height:.55rem;margin-right:.35rem;border-radius:.15rem;background:light-dark(#b9c0cb,#4a525f)}
        .legend .dns::before{background:light-dark(#7b86f2,#7f8af5)}
        .legend .connect::before{background:#4fa8d8}
        .legend .tls::before{background:light-dark(#e0a13a,#d9a441)}
        .legend .first::before{background:light-dark(#33a66f,#3fb57b)}
        .secret{display:block;margin:.5rem 0;padding:.8rem 1rem;border-radius:.5rem;background:light-dark(#f4f5f8,#12151a);border:1px solid var(--line);overflow-wrap:anywhere;user-select:all}
        .crumb{margin-bottom:.75rem;font-size:.9rem}
        .small{max-width:26rem;margin:12vh auto;padding:0 1.25rem}
        @media (max-width:60rem){.tiles{grid-template-columns:repeat(4,1fr)}.chart{grid-column:1/-1;border-top:1px solid var(--line)}.tile:nth-child(4){border-right:0}}
        @media (max-width:42rem){
        .bar>div,main{padding-left:1rem;padding-right:1rem}
        .bar .end .soft{display:none}
        .acts{width:100%}
        .acts form,.acts .button{flex:1}
        .acts button{width:100%}
        .tiles{grid-template-columns:1fr 1fr}
        .tile:nth-child(2){border-right:0}
        .tile:nth-child(-n+2){border-bottom:1px solid var(--line)}
        .card>.head>:last-child:not(:first-child){margin-left:0}
        thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
        table,tbody{display:block}
        tbody tr{display:grid;grid-template-columns:1fr auto;gap:.15rem .75rem;padding:.8rem 1rem;border-bottom:1px solid var(--line)}
        tbody tr:last-child{border:0}
        td{padding:0;border:0}
        td.result,td.num{font-size:.87rem;color:var(--soft)}
        td.num{text-align:right}
        td.tries{display:none}
        .card>.head,.card>.body,ol.tries>li,.pager{padding-left:1rem;padding-right:1rem}
        dl{grid-template-columns:1fr;gap:0}
        dd{margin-bottom:.6rem}
        .tries .line time{margin-left:0;width:100%}
        }
        """;
}
