"""The page of --format html in a browser without a network: it opens and says what the record says, a click zooms, a drag selects a
range whose sum is that of `report --from --to`, a search finds, names of the program are text, and a link keeps the view.
Needs Chromium and the Python package playwright."""
import shutil

import pytest

import test_page

sync_api = pytest.importorskip('playwright.sync_api', reason='the Python package playwright is not installed')
BROWSER = shutil.which('chromium') or shutil.which('chromium-browser')
pytestmark = [pytest.mark.one_python, pytest.mark.skipif(BROWSER is None, reason='Chromium is not installed')]

HOSTILE = '''
kept = []
exec(compile("def f(size): kept.append(bytes(size))", "<img src=x onerror=document.title=1>.py", "exec"))
f.__code__ = f.__code__.replace(co_name="</script><script>document.title=1</script><b>'\\"" + "n" * 61440)
f(70000)
import os
os._exit(0)
'''


@pytest.fixture(scope='module')
def browser():
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=BROWSER, args=['--no-sandbox'])
        yield started
        started.close()


class TestPage(test_page.Case):
    @pytest.fixture(autouse=True)
    def with_browser(self, browser, fixtures):
        context = browser.new_context(viewport={'width': 1280, 'height': 800}, offline=True)
        self.shown = context.new_page()
        self.said = []
        self.shown.on('console', lambda message: self.said.append(message.text))
        self.shown.on('pageerror', lambda error: self.said.append(str(error)))
        yield
        assert self.said == []
        context.close()

    def open(self, program=test_page.PROGRAM, fragment=''):
        capture = self.record(program)
        page = self.page(capture)
        self.shown.goto('file://' + self.path('page.html') + fragment)
        self.shown.wait_for_selector('main:not([hidden])')
        return capture, page

    def text(self, selector):
        # The page draws at the next frame.
        self.shown.evaluate('() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
        return self.shown.inner_text(selector)

    def bytes_shown(self):
        return int(self.text('#sum').split()[0].replace(',', ''))

    def view(self):
        self.text('#sum')
        _, _, words = self.shown.url.partition('#')
        return dict(word.split('=') for word in words.split('&')) if words else {}

    def test_opens(self):
        capture, _ = self.open()
        whole = self.json(capture)
        assert self.bytes_shown() == whole['live']['bytes']
        self.shown.select_option('#metric', 'allocated')
        assert self.bytes_shown() == whole['allocated']['bytes']
        self.shown.select_option('#unit', 'blocks')
        assert self.bytes_shown() == whole['allocated']['blocks']
        top = max((site for site in self.json(capture)['sites'] if 'file' in site),
                  key=lambda site: site['allocated']['blocks'])
        assert self.text('#table tbody tr:first-child td:first-child').split()[0] == top['function']
        assert self.shown.evaluate('performance.getEntriesByType("paint")[0].startTime') < 1000

    def test_a_drag_selects_a_range(self):
        capture, page = self.open()
        self.shown.select_option('#metric', 'retained')
        chart = self.shown.locator('#chart .u-over').bounding_box()
        self.shown.mouse.move(chart['x'] + chart['width'] * 0.4, chart['y'] + 40)
        self.shown.mouse.down()
        self.shown.mouse.move(chart['x'] + chart['width'] * 0.7, chart['y'] + 60, steps=4)
        self.shown.mouse.up()
        view = self.view()
        start, end = int(view['from']), int(view['to'])
        assert 0 < start < end < page.slices
        part = self.json(capture, '--from', page.time(start), '--to', page.time(end))
        assert self.bytes_shown() == part['live']['bytes'] != self.json(capture)['live']['bytes']
        for metric, size in (('allocated', part['allocated']), ('freed', part['range']['freed']),
                             ('live', part['range']['live_after'])):
            self.shown.select_option('#metric', metric)
            assert self.bytes_shown() == size['bytes']
        self.shown.keyboard.press('Escape')
        self.shown.click('#whole')
        assert self.bytes_shown() == self.json(capture)['live']['bytes'] and 'from' not in self.view()

    def test_a_click_zooms_and_keys_move(self):
        self.open()
        graph = self.shown.locator('#graph canvas')
        graph.click(position={'x': 40, 'y': 45})
        zoomed = self.view()['zoom'].split('.')
        assert len(zoomed) == 2 and self.shown.is_visible('#unzoom')
        focus = self.text('#focus')
        graph.press('ArrowDown')
        assert self.text('#focus') != focus
        graph.press('Enter')
        assert len(self.view()['zoom'].split('.')) == 3
        self.shown.keyboard.press('Escape')
        assert 'zoom' not in self.view() and not self.shown.is_visible('#unzoom')

    def test_a_search_finds(self):
        capture, page = self.open()
        self.shown.fill('#search', '^recur')
        found = sum(size for node, (size, _) in page.sums('live').items() if 'recurse' in page.stack(node))
        assert self.text('#found').startswith('found: {:,} bytes ('.format(found)) and found > 30 * 90000
        self.shown.check('#only')
        assert self.bytes_shown() == found
        self.shown.fill('#search', '(')
        assert 'nterminated group' in self.text('#found') or 'Invalid' in self.text('#found')
        assert self.shown.get_attribute('#search', 'aria-invalid') == 'true'

    def test_a_sandwich(self):
        self.open()
        self.shown.select_option('#group', 'function')
        self.shown.locator('#table tbody tr', has_text='recurse').first.dblclick()
        assert self.view()['view'] == 'sandwich'
        assert self.shown.is_visible('#callers canvas') and self.shown.is_visible('#graph canvas')
        for view in ('flame', 'inverted', 'icicle'):
            self.shown.select_option('#view', view)
            assert self.view().get('view', 'icicle') == view

    def test_a_link_keeps_the_view(self):
        _, page = self.open()
        end = page.slices // 2
        self.shown.goto('about:blank')
        self.shown.goto('file://%s#to=%d&metric=allocated&view=flame&group=file&find=make' % (self.path('page.html'), end))
        self.shown.wait_for_selector('main:not([hidden])')
        assert self.bytes_shown() == page.sum('allocated', 0, end)['bytes']
        assert self.shown.input_value('#view') == 'flame' and self.shown.input_value('#search') == 'make'
        assert self.view() == {'to': str(end), 'metric': 'allocated', 'view': 'flame', 'group': 'file', 'find': 'make'}

    def test_names_are_text(self):
        self.open(HOSTILE, '#group=function')
        rows = self.text('#table tbody')
        assert "</script><script>document.title=1</script><b>'\"nnn" in rows
        assert self.shown.title().startswith('pymemflow: ')
        assert self.shown.locator('#table b, #table script, #table img, main img').count() == 0
        box = self.shown.locator('#graph canvas').bounding_box()
        self.shown.mouse.move(box['x'] + 30, box['y'] + 45)
        assert self.shown.locator('#tip').is_visible()
        self.shown.select_option('#group', 'file')
        assert '<img src=x onerror=document.title=1>.py' in self.text('#table tbody')

    def test_controls_have_names(self):
        self.open()
        unnamed = self.shown.evaluate('''() => [...document.querySelectorAll("button, select, input, .graph canvas")]
            .filter((each) => !(each.labels?.length || each.getAttribute("aria-label") || each.textContent.trim()))
            .map((each) => each.id)''')
        assert unnamed == []
        self.shown.locator('#table tbody tr').first.focus()
        self.shown.keyboard.press('ArrowDown')
        assert self.shown.evaluate('document.activeElement.rowIndex') == 2
        self.shown.keyboard.press('d')
        assert self.shown.evaluate('document.documentElement.dataset.theme') == 'dark'

    def test_narrow(self):
        self.shown.set_viewport_size({'width': 800, 'height': 600})
        self.open()
        wide = self.shown.evaluate('document.documentElement.scrollWidth')
        assert wide <= 800
