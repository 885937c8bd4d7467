//! Word classes that attribution works with: small lists of our own, looked up once a token.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

/// A set of word classes, one bit each.
pub(super) type Classes = u32;

/// Verb that introduces or tags speech ("said", "added", "tweeted").
pub(super) const SAID: Classes = 1;
/// Verb that hands on a wording ("called", "described"): a short quotation after it is speech, not a scare quote.
pub(super) const NAMING: Classes = 1 << 1;
/// Verb of `SAID` that also has other senses: it reports speech only with "that", or as a tag next to a quotation.
pub(super) const WEAK: Classes = 1 << 2;
pub(super) const PARTICIPLE: Classes = 1 << 3;
pub(super) const HE: Classes = 1 << 4;
pub(super) const SHE: Classes = 1 << 5;
pub(super) const THEY: Classes = 1 << 6;
/// First and second person, and what never is a source ("this", "there").
pub(super) const NO_SOURCE: Classes = 1 << 7;
/// Stands before a name and is not part of it ("Sen.", "Mr.", "President").
pub(super) const TITLE: Classes = 1 << 8;
pub(super) const MALE: Classes = 1 << 9;
pub(super) const FEMALE: Classes = 1 << 10;
/// Names a speaker by role or group ("police", "spokeswoman", "critics").
pub(super) const ROLE: Classes = 1 << 11;
pub(super) const DETERMINER: Classes = 1 << 12;
/// Closed-class words: they end a noun phrase, and are no names where they open a sentence.
pub(super) const FUNCTION: Classes = 1 << 13;
/// Marks a capitalised sequence as an organisation, place or event rather than a person.
pub(super) const BODY: Classes = 1 << 14;
/// May stand between a subject and its verb ("also", "later", "has").
pub(super) const FILLER: Classes = 1 << 15;
pub(super) const BE: Classes = 1 << 16;
/// Inside a name, in lower case ("de", "van", "bin").
pub(super) const PARTICLE: Classes = 1 << 17;
/// Opens a clause of the outlet's own after a tag ("who", "because", "adding").
pub(super) const CLAUSE: Classes = 1 << 18;
/// What a work is called by ("titled", "film"): the quotation after it is a title.
pub(super) const WORK: Classes = 1 << 19;
/// Day or month name.
pub(super) const CALENDAR: Classes = 1 << 20;
/// What may follow the verb of a complete tag ("said in", "told reporters").
pub(super) const AFTER_TAG: Classes = 1 << 21;

/// Follows a last name ("Jr.").
pub(super) const SUFFIX: Classes = 1 << 22;
/// Verb of saying or naming in the third person that is also a plural noun ("claims", "reports").
pub(super) const PLURAL: Classes = 1 << 23;
/// Opens a clause with a subject of its own ("when", "although").
pub(super) const SUBORDINATOR: Classes = 1 << 24;

pub(super) fn classes(word: &str) -> Classes {
    let mut lower = [0u8; 24];
    let bytes = word.as_bytes();
    if bytes.len() > lower.len() || !word.is_ascii() {
        return 0;
    }
    for (to, from) in lower.iter_mut().zip(bytes) {
        *to = from.to_ascii_lowercase();
    }
    let key = std::str::from_utf8(&lower[..bytes.len()]).unwrap_or("");
    CLASSES.get(key).copied().unwrap_or(0)
}

static CLASSES: LazyLock<FxHashMap<&'static str, Classes>> = LazyLock::new(|| {
    let mut classes = FxHashMap::default();
    for (bits, words) in LISTS {
        for word in words.split_whitespace() {
            *classes.entry(word).or_insert(0) |= bits;
        }
    }
    classes
});

const LISTS: &[(Classes, &str)] = &[
    (
        SAID,
        "said says say told added adds add explained explains explain wrote writes write tweeted tweets \
         asked asks replied replies responded declared declares announced announces stated insisted insists \
         acknowledged acknowledges admitted admits recalled recalls remarked quipped joked jokes shouted yelled \
         screamed whispered muttered chanted chants concluded complained complains commented conceded concedes \
         testified asserted asserts contended contends retorted exclaimed lamented laments pleaded boasted boasts \
         reiterated emphasized emphasised stressed vowed proclaimed proclaims mused opined fumed scoffed gushed \
         ranted alleged alleges argued argues warned warns cautioned urged predicted predicts claimed noted",
    ),
    (
        SAID | PARTICIPLE,
        "saying adding telling writing asking explaining declaring warning arguing insisting claiming noting tweeting asserting stating shouting chanting recalling replying",
    ),
    (
        SAID | WEAK,
        "continued continues began begins agreed agrees suggested suggests observed observes countered counters \
         maintained maintains cried cries reported reports revealed reveals confirmed confirms denied denies demanded \
         demands posted posts read reads wondered wonders questioned promised promises claims claim notes note \
         urges thinks thought believes believed believe hinted informed assured reminded estimated estimates \
         found finds concludes indicated indicates disclosed hopes hoped fears feared expects expected pledged \
         speculated assumed affirmed disputed pointed sighed summarized signaled tell tells shows showed learned blogged",
    ),
    (
        NAMING,
        "called calls call described describes describe branded brands labeled labelled labels dubbed denounced denounces \
         condemned condemns blasted blasts criticized criticised criticizes praised praises hailed hails referred refers \
         derided slammed slams decried dismissed dismisses characterized characterised accused accuses blamed mocked \
         lauded touted touts likened compared attacked ripped defended defends quoted",
    ),
    (
        NAMING | PARTICIPLE,
        "calling describing branding labeling labelling denouncing condemning blasting criticizing praising hailing referring deriding slamming decrying dismissing accusing touting likening comparing",
    ),
    (HE, "he"),
    (SHE, "she"),
    (THEY, "they it"),
    (NO_SOURCE, "i we you this that these those there what which who everyone nobody someone anyone none it's that's"),
    (
        TITLE,
        "mr mr. mrs mrs. ms ms. miss mx. dr dr. prof prof. professor sen sen. sens. senator rep rep. reps. representative \
         congressman congresswoman gov gov. governor president vice-president mayor secretary minister chancellor premier \
         gen gen. general lt lt. col col. colonel capt capt. captain maj maj. major sgt sgt. sergeant cpl. pvt. adm adm. \
         admiral cmdr. commander officer detective sheriff chief judge justice chairman chairwoman chair speaker leader \
         director spokesman spokeswoman spokesperson attorney lawyer counsel ambassador king queen prince princess duke \
         pope cardinal bishop archbishop rev rev. reverend father sister brother rabbi imam sir dame lord lady baroness \
         coach candidate nominee strategist analyst correspondent host anchor reporter editor columnist author actor \
         actress singer rapper comedian economist democrat republican rep.-elect ceo cfo co-founder founder commissioner \
         councilman councilwoman councilmember lawmaker prosecutor pastor activist adviser advisor manager hon hon. \
         executive superintendent chairperson del. emperor counselor counsellor ag judge-elect treasurer comptroller delegate deputy assemblyman assemblywoman pollster",
    ),
    (
        MALE,
        "mr mr. sir lord king prince congressman chairman spokesman councilman actor father donald barack bill joe john \
         james robert michael mike david richard thomas mark paul steven stephen george kenneth kevin brian edward ronald \
         timothy tim jason jeffrey jeff ryan jacob gary nicholas eric jonathan justin scott brandon benjamin ben samuel \
         gregory frank alexander patrick raymond jack dennis jerry tyler aaron jose adam nathan henry douglas zachary peter \
         kyle walter ethan jeremy harold carl keith roger gerald terry sean arthur lawrence jesse bernie mitt mitch rand ted \
         marco newt rudy chuck charles charlie andrew anthony tony matthew matt daniel dan christopher chris joseph william \
         larry harry steve greg jim bob tom ken ron rick rob boris vladimir benjamin bashar mohammed muhammad ahmed ali omar \
         juan carlos luis miguel pedro antonio jorge jared rex reince sebastian anderson tucker sean antonin clarence brett \
         neil alan albert bruce craig derek doug ed eugene fred glenn howard ian ivan joel julian lee leon lewis louis martin \
         max neal oliver oscar phil philip phillip ralph randy ray rodney ross roy russell stanley stuart todd travis victor \
         vincent wayne xi emmanuel francois hassan kim nigel tony abraham benedict chad chuck clayton curtis darren dave dean don dwight earl elliott eliot ernest felix floyd francis frederick gabriel gene geoff gerard gilbert grant guy herbert hugh isaac jake jay jimmy jordan josh karl kirk kurt lance leo leonard lloyd marc marcus marvin maurice mickey mohamed morgan nick norman otto rahm rodrigo sam sergei shane sid simon stefan theodore tommy toby wilbur xavier zack al andres ari austin bradley brent brad carter chip cory dick drew evan glen hector herman gordon jean-claude pierre",
    ),
    (
        FEMALE,
        "mrs mrs. ms ms. miss dame lady queen princess congresswoman chairwoman spokeswoman councilwoman actress sister \
         hillary mary patricia jennifer linda elizabeth barbara susan jessica sarah karen lisa nancy betty margaret sandra \
         ashley kimberly emily donna michelle carol amanda dorothy melissa deborah stephanie rebecca sharon laura cynthia \
         kathleen amy angela shirley anna brenda pamela emma nicole helen samantha katherine christine debra rachel carolyn \
         janet catherine maria heather diane ruth julie olivia joyce virginia victoria kelly lauren christina joan evelyn \
         judith megan andrea cheryl hannah jacqueline martha gloria teresa ann anne ivanka melania kellyanne condoleezza \
         loretta sonia elena dianne kamala kirsten claire heidi olympia susan theresa angela malala chelsea lena jill \
         huma sally ellen alice abigail allison beth betsy caitlin carly carrie danielle denise diana eleanor erin eva \
         gina grace jane jean jeanine joanna josephine julia katie kate kathy kristen leslie lindsay lori lucy lynn marie \
         marine megyn meghan mia michele miriam monica natalie norma paula priscilla rosa rose sophia sophie stacy sue \
         tammy tara tina tracy valerie vanessa wendy yvonne greta serena tulsi ilhan rashida alexandria ayanna nikki lesley leslie lois lynne mitzi muriel naomi nina paulette penny phyllis rhonda robin roberta sheila shirley sonya sylvia terri tess thelma tiffany ursula vera vivian wanda yvette zoe amber april bonnie brooke carla cathy celia charlotte claudia dawn dolores edith esther frances gail geraldine gladys gwen harriet ida irene jamie janice jodi kay kristin leah louise marcia maureen melinda nora patty peggy rita ruby samara stella",
    ),
    (
        ROLE,
        "police officials official authorities polls data figures documents records prosecutors prosecutor investigators critics scientists experts expert \
         researchers lawmakers residents witnesses sources source spokesman spokeswoman spokesperson spokespeople \
         officers officer protesters activists advocates supporters opponents republicans democrats analysts analyst \
         economists lawyers attorneys lawyer attorney doctors aides aide advisers adviser leaders leader executives \
         teachers parents students voters workers organizers officials campaign administration government department \
         agency company organization group committee commission court judge report study statement release memo letter \
         document documents lawsuit complaint article post tweet email survey poll president mayor governor senator \
         congressman congresswoman secretary minister chairman chairwoman director professor author woman man mother \
         father wife husband son daughter brother sister teenager student teacher doctor nurse resident witness victim \
         suspect neighbor friend farmer soldier veteran candidate nominee diplomat diplomats ambassador reporter judges \
         firefighters deputies detectives insiders strategists strategist operative aides commentators pundits ministry \
         union bank firm network newspaper magazine site editorial justices ruling order affidavit filing indictment \
         historian founder owner manager coach player expert executive chief activist economist scientist researcher \
         billionaire businessman mogul lawmaker democrat republican conservatives liberals lawmakers outlet",
    ),
    (
        DETERMINER | FUNCTION,
        "one a an the his her their its our my your some many several few both another other most all two three four five six seven eight nine ten dozens hundreds each every no any",
    ),
    (
        FUNCTION,
        "but and or nor so yet for of in on at by to from with without as if when while after before because although though \
         since until unless where whether than then however meanwhile still also even just only not if once during under \
         over about into onto through against between among despite like unlike instead indeed later earlier perhaps maybe \
         here there why how what who whom whose which that this these those is are was were be been being am has have had \
         do does did will would can could may might must shall should he she they it we i you him them us me himself \
         herself themselves itself according asked yes well now today yesterday tomorrow again never always often \
         sometimes recently finally last next moreover furthermore additionally nevertheless nonetheless \
         thus therefore hence otherwise rather too out up down off per via amid along around across behind beyond toward \
         towards within upon except more much less least such same own speaking asked following including throughout beneath besides plus almost nearly took went made gave came got met won led held saw knew stood kept \
         left brought put set ran sent spoke built fell paid lost grew drew rose broke drove chose wants want goes makes \
         takes gives seems appears became",
    ),
    (
        FILLER,
        "also later then has had have would will further repeatedly once again recently previously earlier even himself herself itself themselves reportedly famously simply quickly soon often always still now first finally publicly privately flatly bluntly quietly angrily recently sarcastically simply both all just has since likewise similarly meanwhile subsequently specifically never did does do may might could can",
    ),
    (BE, "is are was were be been being am"),
    (PARTICLE, "de da del della di du la le van von der den bin ibn al el dos das ter ten"),
    (
        CLAUSE,
        "that who whom whose which because while after before when where although though since adding noting referring explaining describing calling if but whether arguing saying",
    ),
    (
        WORK,
        "titled entitled headlined film movie book novel song album show series documentary play musical episode podcast column essay poem hashtag so-called nicknamed sitcom single memoir painting game magazine bestseller segment",
    ),
    (
        CALENDAR,
        "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september october november december jan. feb. aug. sept. oct. nov. dec.",
    ),
    (
        AFTER_TAG,
        "in on at to of during before after with when as from about through reporters monday tuesday wednesday thursday friday saturday sunday last this earlier later via by while",
    ),
    (
        BODY,
        "party university house senate department committee times news post court street county city united states state \
         agency bureau association institute foundation center centre council commission company corporation corp corp. inc \
         inc. group bank church school college hospital union league club team journal magazine network office service \
         administration authority board force army navy guard police national international american federal north south \
         east west new york washington london american congress parliament ministry act bill amendment constitution river \
         lake mountain valley island beach park avenue road airport democratic republican republicans democrats gop cnn nbc \
         abc cbs fox msnbc npr bbc ap reuters associated press guardian twitter facebook google youtube white islamic \
         world war day week month year supreme district republic kingdom africa asia europe america america's campaign \
         conference summit agreement deal project program fund tribune herald daily weekly review report media radio \
         street journal capitol hill pentagon kremlin brexit nations alliance coalition society trust africa israel",
    ),
    (SUFFIX, "jr. jr sr. sr ii iii iv"),
    (
        PLURAL,
        "claims reports calls notes attacks reads posts demands fears hopes questions blasts praises brands labels charges",
    ),
    (SUBORDINATOR, "when while after before although though as since because if"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_may_have_several_classes_whatever_its_case() {
        assert_eq!(classes("Said"), SAID);
        assert_ne!(classes("Mr.") & TITLE, 0);
        assert_ne!(classes("Mr.") & MALE, 0);
        assert_eq!(classes("zebra"), 0);
        assert_eq!(classes("ſaid"), 0);
    }
}
